/** An endpoint as REST takes it and shows it. */
import { z } from "@hono/zod-openapi";
import { webhookScopes, webhookTypes } from "@rookery/protocol";
import type { EndpointRow, EndpointSecretRow, EndpointSettings } from "@rookery/store";
import { attemptsMax, type RetrySetting, waitMsMax } from "@rookery/webhook";
import type { EdgeContext } from "../http/context.ts";
import { RequestFault } from "../http/problem.ts";
import { id, omittable, text } from "../http/validation.ts";

const rateLimitMax = 10_000;
const concurrencyMax = 100;
const timeoutMsDefault = 15_000;

const retrySchema = z
  .object({
    schedule: z.union([
      z.enum(["default", "standard"]),
      z.array(z.int().min(0).max(waitMsMax)).min(1).max(attemptsMax),
    ]),
    attempts: omittable(z.int().min(1).max(attemptsMax)).describe("Of default only"),
  })
  .describe(
    "default: 1 s doubling to 30 min, ±20 %, 5 attempts; standard: 10 attempts in 75 hours; or the waits in milliseconds",
  );
export const signatures = z
  .array(z.enum(["v1", "v1a"]))
  .min(1)
  .max(2)
  .describe("v1: HMAC-SHA256 by a secret; v1a: ed25519 by a key whose public half is told");
const changeable = {
  url: text({ bytesMin: 1, bytesMax: 2_048 }).openapi({ example: "https://example.com/hook" }),
  scope: z.enum(webhookScopes),
  chatId: id.nullish(),
  botId: id.nullish(),
  events: z.array(z.enum(webhookTypes)).min(1).max(webhookTypes.length).nullish(),
  fifo: z.boolean(),
  rateLimit: z.int().min(1).max(rateLimitMax).nullish().describe("Attempts a second"),
  concurrency: z.int().min(1).max(concurrencyMax).nullish().describe("Attempts at once"),
  timeoutMs: z.int().min(1_000).max(30_000),
  retry: retrySchema.nullish(),
};
export const draftSchema = z
  .object({
    ...changeable,
    fifo: omittable(changeable.fifo).describe("Of each chat one at a time, in its order"),
    timeoutMs: omittable(changeable.timeoutMs),
    signatures: omittable(signatures),
  })
  .openapi({ example: { url: "https://example.com/hook", scope: "chat", chatId: 1 } });
export const changeSchema = z.object(changeable).partial();

export const endpointSchema = z
  .object({
    id: z.int(),
    url: z.string(),
    scope: z.enum(webhookScopes),
    chatId: z.int().nullable(),
    botId: z.int().nullable(),
    events: z.array(z.enum(webhookTypes)).nullable().describe("Null: all of its scope"),
    fifo: z.boolean(),
    rateLimit: z.int().nullable(),
    concurrency: z.int().nullable(),
    timeoutMs: z.int(),
    retry: z.union([retrySchema, z.null()]),
    status: z.enum(["enabled", "disabled"]),
    disabledReason: z.string().nullable(),
    disabledAt: z.int().nullable(),
    failingSince: z.int().nullable().describe("Since when no attempt has succeeded"),
    secrets: z.array(
      z.object({
        id: z.int(),
        kind: z.enum(["v1", "v1a"]),
        publicKey: z.string().nullable().describe("Of v1a: whpk_…"),
        createdAt: z.int(),
        expiresAt: z.int().nullable(),
      }),
    ),
    createdAt: z.int(),
    secret: omittable(z.string()).describe("whsec_…, told once, when it is made"),
    publicKey: omittable(z.string()).describe("whpk_… of the key just made"),
  })
  .openapi("Webhook");

export const newSettings = {
  chatId: null,
  botId: null,
  events: null,
  fifo: false,
  rateLimit: null,
  concurrency: null,
  timeoutMs: timeoutMsDefault,
  retry: null,
};

/** What was said, without what was left out. */
export function settled<T extends z.output<typeof changeSchema>>(said: T): T {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as T;
}

/** @throws RequestFault naming the field. */
export function checked(
  { addresses }: Pick<EdgeContext, "addresses">,
  { url, scope, chatId, botId, ...rest }: Record<keyof EndpointSettings, unknown>,
): EndpointSettings {
  const settings = { url, scope, chatId, botId, ...rest } as EndpointSettings;
  const about = settings.scope === "chat" ? "chatId" : settings.scope === "all" ? null : "botId";
  if (about !== null && settings[about] === null) refuse(about, `the scope ${settings.scope} needs it`);
  const refusal = addresses.refusalOf(settings.url);
  if (refusal !== null) refuse("url", refusal);
  const retry = settings.retry as RetrySetting | null;
  if (retry?.attempts !== undefined && retry.schedule !== "default") {
    refuse("retry.attempts", "is of the schedule default only");
  }
  return {
    ...settings,
    chatId: about === "chatId" ? settings.chatId : null,
    botId: about === "botId" ? settings.botId : null,
    events: settings.events === null ? null : [...new Set(settings.events)],
  };
}

function refuse(path: string, message: string): never {
  throw new RequestFault("invalid", `the body is not valid: ${path} ${message}`, [{ path, message }]);
}

export function viewEndpoint(
  row: EndpointRow,
  secrets: readonly EndpointSecretRow[],
): z.output<typeof endpointSchema> {
  const {
    ownerId: _,
    version: _version,
    disabledMs,
    failingSinceMs,
    createdMs,
    events,
    retry,
    ...rest
  } = row;
  return {
    ...rest,
    events: events === null ? null : [...events],
    retry: retry as z.output<typeof retrySchema> | null,
    disabledAt: disabledMs,
    failingSince: failingSinceMs,
    createdAt: createdMs,
    secrets: secrets.map((each) => ({
      id: each.id,
      kind: each.kind,
      publicKey: each.public,
      createdAt: each.createdMs,
      expiresAt: each.expiresMs,
    })),
  };
}

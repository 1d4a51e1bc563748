/** Endpoints made by REST, and receivers of other people's that judge every delivery as it comes. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createPublicKey, randomBytes, verify } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openWebhookReceiver, type SeenWebhook, until, type WebhookBehaviour } from "@rookery/kit";
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import type { Cluster } from "../cluster.ts";
import { expect, type Person, type RequestOptions } from "../rest.ts";

/** Of any wait: the machine may be busy. */
export const withinMs = 120_000;

const command = fileURLToPath(new URL("../../../../services/cli/src/main.ts", import.meta.url));

export interface EndpointBody {
  readonly id: number;
  readonly status: string;
  readonly disabledReason: string | null;
  readonly failingSince: number | null;
  readonly secret?: string;
  readonly publicKey?: string;
}

export interface DeliveryBody {
  readonly id: string;
  readonly endpointId: number;
  readonly type: string;
  readonly status: string;
  readonly attemptCount: number;
  readonly lastStatus: number | null;
}

export interface AttemptBody {
  readonly n: number;
  readonly at: number;
  readonly latencyMs: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly response: string | null;
}

/** What a receiver was told. */
export interface Told {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An endpoint and what has come to it. */
export interface Hook {
  readonly id: number;
  readonly secret: string;
  readonly path: string;
  seen(): SeenWebhook[];
  /** What came, each once, in the order of its first coming. */
  told(): Told[];
  /** The types of what came. */
  types(): string[];
  /** Waits until so many have come. */
  heard(count: number): Promise<Told[]>;
  /** What it must be verifiable by from here on. */
  keys: { readonly secrets: readonly string[]; readonly publicKeys: readonly string[] };
}

export async function openHookStage(cluster: Cluster) {
  const { base } = cluster;
  const complaints: string[] = [];
  const hooks = new Map<string, Hook>();
  const behaviours = new Map<string, (seen: SeenWebhook) => WebhookBehaviour>();
  let judged = 0;
  const receiver = await openWebhookReceiver((seen) => {
    const hook = hooks.get(seen.path);
    try {
      if (hook === undefined) throw new Error("nobody is there");
      verifyDelivery(seen, hook.keys);
      judged += 1;
    } catch (error) {
      complaints.push(`${seen.path} ${seen.id}: ${String(error)}`);
    }
    return behaviours.get(seen.path)?.(seen) ?? 200;
  });

  const ask = <T>(status: number, who: Person, method: string, path: string, more: RequestOptions = {}) =>
    expect<T>(status, base, method, path, { token: who.token, ...more });

  return {
    ask,
    async make(owner: Person, settings: object): Promise<Hook> {
      const path = `/${randomBytes(6).toString("hex")}`;
      const seen = (): SeenWebhook[] => receiver.seen.filter((each) => each.path === path);
      const told = (): Told[] => [
        ...new Map(seen().map(({ id, body }) => [id, JSON.parse(body) as Told])).values(),
      ];
      const hook: Hook = {
        id: 0,
        secret: "",
        path,
        keys: { secrets: [], publicKeys: [] },
        seen,
        told,
        types: () => told().map(({ type }) => type),
        async heard(count) {
          await until(() => told().length >= count, { withinMs, what: `${count} deliveries at ${path}` });
          return told();
        },
      };
      const body = { url: `${receiver.url}${path}`, ...settings };
      // Known before it is made: what happens at once is told at once.
      hooks.set(path, hook);
      const made = await ask<EndpointBody>(201, owner, "POST", "/v1/webhooks", { body });
      const { secret = "", publicKey } = made;
      hook.keys = {
        secrets: secret === "" ? [] : [secret],
        publicKeys: publicKey === undefined ? [] : [publicKey],
      };
      return Object.assign(hook, { id: made.id, secret });
    },
    behave(hook: Hook, how: (seen: SeenWebhook) => WebhookBehaviour) {
      behaviours.set(hook.path, how);
    },
    async delivery(owner: Person, id: string) {
      return await ask<DeliveryBody & { payload: string; attempts: readonly AttemptBody[] }>(
        200,
        owner,
        "GET",
        `/v1/deliveries/${id}`,
      );
    },
    async deliveries(owner: Person, hook: Hook, status?: string) {
      const query = status === undefined ? "" : `&status=${status}`;
      const path = `/v1/webhooks/${hook.id}/deliveries?limit=100${query}`;
      const { items } = await ask<{ items: readonly DeliveryBody[] }>(200, owner, "GET", path);
      return items;
    },
    /** Somebody's own endpoint as it is now. */
    endpoint: (owner: Person, hook: Hook) => ask<EndpointBody>(200, owner, "GET", `/v1/webhooks/${hook.id}`),
    rookery: async (...args: string[]): Promise<string> => {
      const flags = [command, ...args, "--data", cluster.dataDir];
      return (await promisify(execFile)(process.execPath, flags)).stdout;
    },
    get hanging() {
      return receiver.hanging;
    },
    /** How many deliveries were verified. @throws when some could not be. */
    verified(): number {
      assert.deepEqual(complaints, []);
      return judged;
    },
    close: () => receiver.close(),
  };
}

export type HookStage = Awaited<ReturnType<typeof openHookStage>>;

/** As receivers do it: two libraries for `v1`, Node's own ed25519 for `v1a`. @throws when anything is not as it must be. */
export function verifyDelivery({ headers, body }: SeenWebhook, keys: Hook["keys"]): void {
  assert.equal(headers["content-type"], "application/json");
  assert.match(String(headers["user-agent"]), /^rookery\/\d/);
  const names = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
  const [id = "", at = "", signatures = ""] = names.map((name) => String(headers[name]));
  const told = { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures };
  // Who changes keys has both for a while: one is enough.
  if (keys.secrets.length > 0) {
    const failures = keys.secrets.filter((secret) => !takes(secret, body, told));
    assert.ok(failures.length < keys.secrets.length, `by none of ${failures.length} secrets: ${signatures}`);
  }
  for (const publicKey of keys.publicKeys) {
    const raw = Buffer.from(publicKey.replace("whpk_", ""), "base64");
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") },
      format: "jwk",
    });
    const mine = signatures.split(" ").filter((each) => each.startsWith("v1a,"));
    const content = Buffer.from(`${id}.${at}.${body}`);
    const isGood = mine.some((each) => verify(null, content, key, Buffer.from(each.slice(4), "base64")));
    assert.ok(isGood, `none of ${mine.length} v1a signatures is by ${publicKey}`);
  }
}

/** Whether both libraries take it. @throws when they disagree */
export function takes(secret: string, body: string, headers: Record<string, string>): boolean {
  const [first, second] = [Webhook, SvixWebhook].map((Library) => {
    try {
      new Library(secret).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  });
  assert.equal(first, second, "standardwebhooks and svix do not agree");
  return first === true;
}

/** An account that may do everything, and its login. */
export async function enrolAdmin(cluster: Cluster, stage: Pick<HookStage, "rookery">): Promise<Person> {
  const username = `root_${randomBytes(5).toString("hex")}`;
  const password = "password of an admin";
  await stage.rookery("user", "create", "--username", username, "--password", password, "--role", "admin");
  const body = await expect<{ user: { id: number }; accessToken: string; refreshToken: string }>(
    200,
    cluster.base,
    "POST",
    "/v1/auth/login?refresh=body",
    { body: { username, password } },
  );
  const { user, accessToken: token, refreshToken } = body;
  return { userId: user.id, email: "", username, password, token, refreshToken };
}

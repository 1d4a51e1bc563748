import { generateKeyPairSync, randomBytes, randomInt, randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { openPasswords, openRefreshTokens, openSecretBox, openTokens, parseMasterKey } from "@rookery/auth";
import { openCache, openLimits } from "@rookery/cache";
import { openTestDatabase, redisUrl, until } from "@rookery/kit";
import type { Revocation } from "@rookery/protocol";
import { openLog, openMetrics } from "@rookery/runtime";
import { openStore, type Store } from "@rookery/store";
import { openAddressRules } from "@rookery/webhook";
import { checkAnswer, openDocumentCheck } from "../document-check.ts";
import { openTestIdentity } from "./test-identity.ts";
import { createApp } from "../../src/http/app.ts";
import { openFaultOf } from "../../src/outage.ts";
import { readRateLimits } from "../../src/rate-limits.ts";
import { originRule } from "../../src/socket/origin.ts";
import { openTestFiles } from "../test-files.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Any JSON; the tests look at it field by field. */
  readonly body: ReturnType<typeof JSON.parse>;
  /** The refresh token in the Set-Cookie header. */
  readonly cookie: string | undefined;
}

export interface Call {
  readonly body?: unknown;
  readonly token?: string;
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly address?: string;
}

export interface IdentityApp {
  call(method: string, path: string, call?: Call): Promise<Answer>;
  /** A fresh email address. */
  email(): string;
  /** Somebody new. @returns their access token. */
  register(): Promise<string>;
  /** As `/metrics` shows them. */
  metrics(): Promise<string>;
  readonly clock: { nowMs: number };
  readonly store: Store;
  /** Rights have changed. */
  learn(accessVersion: number): void;
  /** What edges were told to end. */
  readonly announced: Revocation[];
}

/** The whole REST app on real Postgres and Redis, with a clock of the test's. */
export async function openIdentityApp(
  t: Pick<TestContext, "after">,
  options: {
    limits?: boolean;
    publicUrl?: string;
    cacheUrl?: string;
    env?: Record<string, string>;
    passwordCost?: number;
  } = {},
): Promise<IdentityApp> {
  const database = await openTestDatabase();
  const log = openLog("test", { LOG_LEVEL: "fatal" });
  const store = openStore({ url: database.url, name: "edge test", connectionsMax: 8, log });
  // Limits are kept by user id in a Redis that other tests use too.
  await store.query(`alter table users alter column id restart with ${randomInt(1, 2 ** 40)}`);
  const cache = openCache({ url: options.cacheUrl ?? (await redisUrl()), log });
  const clock = { nowMs: 1_800_000_000_000 };
  const kept = await openTestFiles(store, () => clock.nowMs);
  t.after(async () => {
    await kept.close();
    await Promise.all([store.end(), cache.close()]);
    await database.close();
  });
  if (options.cacheUrl === undefined) await until(() => cache.ready, { withinMs: 5_000 });

  const master = parseMasterKey(randomBytes(32));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const announced: Revocation[] = [];
  const now = () => clock.nowMs;
  const metrics = openMetrics("test");
  const tokens = await openTokens({
    privateKeyPem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  });
  const limits = openLimits({ cache, metrics, log, now, enabled: options.limits ?? false });
  const identity = openTestIdentity({ store, tokens, limits, now, log });
  const app = createApp({
    ...identity,
    files: kept.files,
    config: {
      version: "test",
      publicUrl: options.publicUrl ?? "http://127.0.0.1:8080",
      corsOrigins: [],
      loopback: true,
      metricsToken: null,
      commandTimeoutMs: 1_000,
    },
    log,
    faultOf: openFaultOf(log),
    metrics,
    now,
    store,
    limits,
    rateLimits: readRateLimits(options.env ?? {}),
    tokens,
    refreshTokens: openRefreshTokens(master),
    passwords: openPasswords({ cost: options.passwordCost ?? 4 }),
    secrets: openSecretBox(master),
    presence: { noteOf: () => Promise.resolve(null) },
    socketsOf: () => Promise.resolve([]),
    addresses: openAddressRules({ allowPrivate: false }),
    jobWakes: { tell: () => {} },
    commands: { submit: () => Promise.reject(new Error("no commands in this test")) },
    receipts: { mark: () => Promise.reject(new Error("no receipts in this test")) },
    revocations: {
      announce: (revocation) => {
        announced.push(revocation);
        identity.revocations.announce(revocation);
      },
    },
    sessionUses: { note: () => {} },
    allowsOrigin: originRule([], options.publicUrl ?? "http://127.0.0.1:8080"),
    probes: {},
    draining: () => false,
  });
  openDocumentCheck(app);
  const address = randomUUID();

  const email = () => `${randomUUID()}@example.org`;
  const call: IdentityApp["call"] = async (method, path, call = {}) => {
    const headers = new Headers(call.headers);
    if (call.body !== undefined) headers.set("content-type", "application/json");
    if (call.token !== undefined) headers.set("authorization", `Bearer ${call.token}`);
    if (call.cookie !== undefined) headers.set("cookie", `other=1; refreshToken=${call.cookie}`);
    const body = typeof call.body === "string" ? call.body : JSON.stringify(call.body);
    const response = await app.request(
      path,
      { method, headers, ...(body === undefined ? {} : { body }) },
      { clientAddress: call.address ?? address },
    );
    await checkAnswer(app, { method, path }, response);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? null : JSON.parse(text),
      cookie: /^refreshToken=([^;]+)/.exec(response.headers.get("set-cookie") ?? "")?.[1],
    };
  };
  return {
    clock,
    store,
    announced,
    learn: (accessVersion) => identity.revocations.announce({ accessVersion }),
    email,
    call,
    metrics: () => metrics.metrics(),
    register: async () => {
      const person = { email: email(), password: "a long enough one" };
      const { body } = await call("POST", "/v1/auth/register", { body: person, address: randomUUID() });
      return body.accessToken;
    },
  };
}

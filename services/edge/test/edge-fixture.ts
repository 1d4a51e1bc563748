import { generateKeyPairSync, randomUUID } from "node:crypto";
import { openPasswords, openRefreshTokens, openSecretBox, openTokens, parseMasterKey } from "@rookery/auth";
import { openTestDatabase } from "@rookery/kit";
import { type AddressedCommand, Fault, type Reply } from "@rookery/protocol";
import { openLog, openMetrics } from "@rookery/runtime";
import { insertUser, openStore, type Store } from "@rookery/store";
import { openAddressRules } from "@rookery/webhook";
import { checkAnswer } from "./document-check.ts";
import { openTestIdentity } from "./identity/test-identity.ts";
import { createApp } from "../src/http/app.ts";
import { originRule } from "../src/socket/origin.ts";
import type { CommandPort, EdgeApp, EdgeContext } from "../src/http/context.ts";
import { openFaultOf } from "../src/outage.ts";
import { readRateLimits } from "../src/rate-limits.ts";
import { openTestFiles } from "./test-files.ts";

/** An edge's REST surface on a database of its own, with whatever stands behind its port. */
export interface EdgeFixture {
  readonly store: Store;
  readonly context: EdgeContext;
  readonly app: EdgeApp;
  /** A new user and its access token. */
  person(): Promise<{ readonly id: number; readonly token: string }>;
  close(): Promise<void>;
}

const epochMs = 1_800_000_000_000;

export async function openEdgeFixture(
  make: (store: Store) => CommandPort,
  change: Partial<EdgeContext> = {},
): Promise<EdgeFixture> {
  const database = await openTestDatabase();
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const store = openStore({ url: database.url, name: "edge test", connectionsMax: 8, log });
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const tokens = await openTokens({
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  });
  const master = parseMasterKey(Buffer.alloc(32, 7));
  const identity = openTestIdentity({ store, tokens, now: () => epochMs, log });
  const kept = await openTestFiles(store, () => epochMs);
  const context: EdgeContext = {
    ...identity,
    files: kept.files,
    config: {
      version: "0.0.0",
      publicUrl: "http://127.0.0.1:8080",
      corsOrigins: [],
      loopback: true,
      metricsToken: null,
      commandTimeoutMs: 2_000,
    },
    log,
    faultOf: openFaultOf(log),
    metrics: openMetrics("edge"),
    now: () => epochMs,
    store,
    limits: {
      take: () => Promise.resolve({ allowed: true, retryMs: 0, counted: [] }),
    },
    rateLimits: readRateLimits({}),
    tokens,
    refreshTokens: openRefreshTokens(master),
    passwords: openPasswords({ cost: 4 }),
    secrets: openSecretBox(master),
    commands: make(store),
    addresses: openAddressRules({ allowPrivate: false }),
    jobWakes: { tell: () => {} },
    presence: { noteOf: () => Promise.resolve(null) },
    socketsOf: () => Promise.resolve([]),
    receipts: { mark: () => Promise.reject(new Fault("unavailable")) },
    sessionUses: { note: () => {} },
    allowsOrigin: originRule([], "http://127.0.0.1:8080"),
    probes: {},
    draining: () => false,
    ...change,
  };
  return {
    store,
    context,
    app: openApp(context),
    person: async () => {
      const user = await insertUser(store, {
        username: `u_${randomUUID().slice(0, 8)}`,
        email: null,
        displayName: "Somebody",
        passwordHash: null,
        role: "member",
        isBot: false,
        createdMs: epochMs,
      });
      const { token } = await tokens.sign({ userId: user.id, sessionId: 1, roles: ["member"] }, epochMs);
      return { id: user.id, token };
    },
    close: async () => {
      await kept.close();
      await store.end();
      await database.close();
    },
  };
}

/** The app, asked from loopback unless a test says another address; every answer is as the document says. */
export function openApp(context: EdgeContext): EdgeApp {
  const app = createApp(context);
  const request = app.request;
  app.request = async (input, init, connection = { clientAddress: "127.0.0.1" }, execution) => {
    const response = await request(input, init, connection, execution);
    const { method, url } = input instanceof Request ? input : { method: init?.method, url: String(input) };
    const path = new URL(url, "http://edge").pathname;
    await checkAnswer(app, { method: method ?? "GET", path }, response);
    return response;
  };
  return app;
}

/** A port that remembers what it was given and replies as told. */
export function fakePort(reply: (command: AddressedCommand) => Reply | Promise<Reply>): CommandPort & {
  readonly seen: AddressedCommand[];
} {
  const seen: AddressedCommand[] = [];
  return {
    seen,
    submit: async (command) => {
      seen.push(command);
      return reply(command);
    },
  };
}

/**
 * The least of a chat actor: births and messages become rows as the real one's do. Tests of routes need rows to
 * read; what an actor decides is tested where it lives.
 */
export function rowWriter(store: Store): CommandPort & { readonly seen: AddressedCommand[] } {
  return fakePort(async ({ actor, command, senderId, uuid, source }): Promise<Reply> => {
    if (command.kind === "create") {
      const { birth } = command;
      await insertChat(store, actor.id, birth, senderId);
      const outcome = { kind: "created", chatId: actor.id, created: true } as const;
      return { kind: "done", outcome, duplicate: false };
    }
    if (command.kind === "invite") {
      for (const userId of command.userIds) await insertMember(store, actor.id, userId, "member");
      const outcome = { kind: "invited", added: command.userIds, already: [] } as const;
      return { kind: "done", outcome, duplicate: false };
    }
    if (command.kind === "update") return { kind: "done", outcome: { kind: "noted" }, duplicate: false };
    if (command.kind !== "send") throw new Fault("internal");
    if (command.telegram !== undefined) await insertChat(store, actor.id, command.telegram.birth, senderId);
    const { rows } = await store.query<{ seq: number; duplicate: boolean }>(
      `with earlier as (select seq from message where chat_id = $1 and sender_id = $2 and uuid = $3),
         head as (select (select coalesce(max(seq), 0) + 1 from message where chat_id = $1) as seq from chat
           where id = $1 and not exists (select from earlier)),
         made as (insert into message (chat_id, seq, rev, sender_id, uuid, kind, body, detail, source, ts)
           select $1, seq, 0, $2, $3, $4, $5, $6, $7, $8 from head returning seq)
       select seq, true as duplicate from earlier union all select seq, false from made`,
      [
        actor.id,
        senderId,
        uuid,
        command.messageKind,
        command.body,
        JSON.stringify({ entities: command.entities, telegram: command.telegram?.state }),
        source,
        epochMs,
      ],
    );
    const [row] = rows;
    if (row === undefined) return { kind: "refused", fault: { code: "not_found", message: "no such chat" } };
    const outcome = { kind: "sent", seq: row.seq, rev: 0, ts: epochMs } as const;
    return { kind: "done", outcome, duplicate: row.duplicate };
  });
}

interface BirthRows {
  readonly type: string;
  readonly title: string | null;
  readonly members: readonly { readonly userId: number; readonly role: string }[];
}

async function insertChat(store: Store, chatId: number, birth: BirthRows, senderId: number): Promise<void> {
  const { rowCount } = await store.query(
    `insert into chat (id, type, title, rev, created_by, created_ms)
     values ($1, $2, $3, 0, $4, $5) on conflict do nothing`,
    [chatId, birth.type, birth.title, senderId, epochMs],
  );
  if (rowCount === 0) return;
  for (const { userId, role } of birth.members) await insertMember(store, chatId, userId, role);
}

async function insertMember(store: Store, chatId: number, userId: number, role: string): Promise<void> {
  await store.query(
    `insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev)
     values ($1, $2, $3, 0, $4, 1) on conflict do nothing`,
    [chatId, userId, role, epochMs],
  );
}

/** A courier's router on real rows, before services over HTTP; what is committed and what Telegram is told is what counts. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { RouteTable, ServiceTable, TelegramUpdateJob } from "@rookery/protocol";
import { headersOwner, type RelayRow, type Store, writeRoutes, writeServices } from "@rookery/store";
import type { TelegramCall } from "@rookery/telegram";
import { openHttpPost } from "../../src/outbound/http-post.ts";
import { startUpdateRouter, type UpdateRouter } from "../../src/telegram/router.ts";
import { openServiceCaller } from "../../src/telegram/service-caller.ts";
import { openCourierFixture } from "../courier-fixture.ts";

export interface Asked {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: {
    readonly updateId: number;
    readonly input: Readonly<Record<string, unknown>>;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly chat: { readonly id: number };
  };
}
/** Path → answer; a promise may hang. */
type Serve = (
  asked: Asked,
) => Promise<{ status?: number; body?: unknown }> | { status?: number; body?: unknown };

export interface Courier {
  readonly said: RelayRow[];
  readonly told: TelegramCall[];
  wake(botId: number): void;
  /** What was said in a chat, in order. */
  bodies(chatId: number): string[];
}

export interface RouterStage {
  readonly store: Store;
  readonly shards: number;
  /** Services are below it. */
  readonly base: string;
  readonly served: Map<string, Serve>;
  readonly asked: ReadonlyMap<string, readonly Asked[]>;
  /** The last has the username `bot<count>`. */
  readonly botCount: number;
  readonly makeBot: (routes: RouteTable, services?: ServiceTable) => Promise<number>;
  readonly says: (botId: number, chatId: number, text: string, createdMs?: number) => Promise<number>;
  readonly presses: (botId: number, chatId: number, data: string) => Promise<number>;
  /** One more courier, which owns everything from now on; its chats apply what they are told, or do not. */
  readonly start: (isApplied?: boolean) => Promise<Courier>;
  /** Of a bot's updates, in order. */
  readonly stateOf: (botId: number) => Promise<string[]>;
  /** Ends those that were started. */
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Waits in these tests. */
export const withinMs = 20_000;

const person = (chatId: number) => ({
  id: 1_000 + chatId,
  is_bot: false,
  first_name: "Ada",
  language_code: "ru",
});
const place = (chatId: number) => ({ id: 1_000 + chatId, type: "private" });

export async function openRouterStage(name: string): Promise<RouterStage> {
  const fixture = await openCourierFixture(name);
  const { store, secrets, shards, log } = fixture;
  const http = openHttpPost({ allows: () => true });
  const running = new Set<UpdateRouter>();
  const served = new Map<string, Serve>();
  const asked = new Map<string, Asked[]>();
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      const path = request.url ?? "";
      const one: Asked = { headers: request.headers, body: JSON.parse(text) as Asked["body"] };
      asked.set(path, [...(asked.get(path) ?? []), one]);
      Promise.resolve(served.get(path)?.(one) ?? { status: 404 })
        .then(({ status = 200, body = {} }) => response.writeHead(status).end(JSON.stringify(body)))
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let bots = 0;
  async function makeBot(routes: RouteTable, services: ServiceTable = {}): Promise<number> {
    const { id, count } = await fixture.makeBot();
    bots = count;
    await writeRoutes(store, id, { flood: { off: true }, ...routes }, { isRouted: true, nowMs: 1 });
    const headers = { one: { authorization: "Bearer s3cret" } };
    await writeServices(store, id, services, secrets.sealSecret(JSON.stringify(headers), headersOwner(id)));
    return id;
  }

  let updates = 0;
  /** An update as its chat's commit leaves it. */
  async function update(
    botId: number,
    chatId: number,
    type: string,
    content: object,
    createdMs = Date.now(),
  ): Promise<number> {
    updates += 1;
    await store.query(
      `insert into telegram_update (bot_id, update_id, type, chat_id, raw, state, created_ms)
     values ($1, $2, $3, $4, $5, 'pending', $6)`,
      [botId, updates, type, chatId, { update_id: updates, [type]: content }, createdMs],
    );
    return updates;
  }

  const says = (botId: number, chatId: number, text: string, createdMs?: number) => {
    const message = { message_id: 1, from: person(chatId), chat: place(chatId), text };
    return update(botId, chatId, "message", message, createdMs);
  };
  const presses = (botId: number, chatId: number, data: string) =>
    update(botId, chatId, "callback_query", {
      id: `q${updates}`,
      from: person(chatId),
      data,
      message: { message_id: 7, chat: place(chatId) },
    });

  async function start(isApplied = true): Promise<Courier> {
    const { jobShards, wake } = await fixture.own();
    const said: RelayRow[] = [];
    const told: TelegramCall[] = [];
    const router = startUpdateRouter({
      jobShards,
      store,
      secrets,
      shards,
      log,
      // The chats' part: what they are told, they apply.
      relay: {
        send: (rows) => {
          said.push(...rows);
          if (isApplied) void store.query("delete from relay where id = any($1)", [rows.map(({ id }) => id)]);
        },
      },
      client: {
        ask: async (_token, call) => void told.push(call),
      },
      services: openServiceCaller({ http, now: Date.now }),
    });
    running.add(router);
    return {
      said,
      told,
      wake(botId) {
        const job = { botId } as TelegramUpdateJob;
        wake({ kind: "telegramUpdate", owner: { kind: "bot", id: botId }, job });
      },
      bodies: (chatId) =>
        said.flatMap(({ targetId, command }) =>
          targetId === chatId ? [(command as { body: string }).body] : [],
        ),
    };
  }

  const stateOf = async (botId: number): Promise<string[]> => {
    const { rows } = await store.query<{ state: string }>(
      "select state from telegram_update where bot_id = $1 order by update_id",
      [botId],
    );
    return rows.map(({ state }) => state);
  };
  const stop = async (): Promise<void> => {
    for (const router of running) await router.close();
    running.clear();
  };
  return {
    store,
    shards,
    base,
    served,
    asked,
    get botCount() {
      return bots;
    },
    makeBot,
    says,
    presses,
    start,
    stateOf,
    stop,
    async close() {
      await stop();
      await http.close();
      server.closeAllConnections();
      server.close();
      await fixture.close();
    },
  };
}

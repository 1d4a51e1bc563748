/** Programs of two bots of the cluster's own, which answer everything that is said to them: one asks, one is posted to. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "../client/rest.ts";
import { pause } from "../pause.ts";
import { answerTo, type TakenUpdate } from "./check.ts";

export interface BotProgram {
  readonly mode: "polling" | "webhook";
  readonly taken: readonly TakenUpdate[];
  readonly afterConfirmed: number;
  /** Calls that had to be made again. */
  readonly repeated: number;
  close(): Promise<void>;
}

interface Bot {
  readonly token: string;
  readonly edges: readonly string[];
}

interface Update {
  readonly update_id: number;
  readonly message: { readonly text: string; readonly chat: { readonly id: number } };
}

interface Envelope {
  readonly ok: boolean;
  readonly result: readonly Update[];
}

const pollSeconds = 8;
const retryMs = 100;

/** Calls a method at one edge after the other until it is done, always by the same name. */
function openCaller({ token, edges }: Bot) {
  let turn = 0;
  let repeated = 0;
  let closed = false;
  const once = async (method: string, body: object, key?: string): Promise<Envelope | null> => {
    const edge = edges[turn % edges.length] ?? "";
    try {
      const path = `/bot${token}/${method}`;
      const options = { body, ...(key === undefined ? {} : { key }) };
      const answer = await request<Envelope>(edge, "POST", path, options);
      if (answer.body.ok) return answer.body;
    } catch {
      // It is away; another is asked.
    }
    turn += 1;
    repeated += 1;
    await pause(retryMs);
    return null;
  };
  return {
    once,
    async insist(method: string, body: object, key: string): Promise<void> {
      while (!closed && (await once(method, body, key)) === null);
    },
    get repeated() {
      return repeated;
    },
    get closed() {
      return closed;
    },
    close: () => void (closed = true),
  };
}

const keyOf = (updateId: number): string => `re-${updateId}`;

function takenOf({ update_id: updateId, message }: Update): TakenUpdate {
  return { updateId, chat: message.chat.id, text: message.text, atMs: performance.now() };
}

/** Asks for more while it answers, a chat's updates one after the other, as the frameworks' runners do. */
export function startPollingProgram(bot: Bot): BotProgram {
  const taken: TakenUpdate[] = [];
  const caller = openCaller(bot);
  const chats = new Map<number, Promise<void>>();
  let offset = 0;
  let afterConfirmed = 0;
  const answer = (update: TakenUpdate): void => {
    const { chat, text, updateId } = update;
    const before = chats.get(chat) ?? Promise.resolve();
    const body = { chat_id: chat, text: answerTo(text) };
    chats.set(
      chat,
      before.then(() => caller.insist("sendMessage", body, keyOf(updateId))),
    );
  };
  const run = async (): Promise<void> => {
    while (!caller.closed) {
      const envelope = await caller.once("getUpdates", { offset, timeout: pollSeconds });
      for (const update of envelope?.result ?? []) {
        const each = takenOf(update);
        if (each.updateId < offset) afterConfirmed += 1;
        taken.push(each);
        answer(each);
        offset = each.updateId + 1;
      }
    }
  };
  const running = run();
  return {
    mode: "polling",
    taken,
    get afterConfirmed() {
      return afterConfirmed;
    },
    get repeated() {
      return caller.repeated;
    },
    async close() {
      caller.close();
      await Promise.all([running, ...chats.values()]);
    },
  };
}

/** Every second answer is in the response itself. */
export async function startWebhookProgram(bot: Bot): Promise<BotProgram> {
  const taken: TakenUpdate[] = [];
  const caller = openCaller(bot);
  const server = createServer((incoming, outgoing) => {
    const serve = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      const update = takenOf(JSON.parse(Buffer.concat(chunks).toString()) as Update);
      taken.push(update);
      const body = { chat_id: update.chat, text: answerTo(update.text) };
      if (update.updateId % 2 === 0) {
        const said = JSON.stringify({ method: "sendMessage", ...body });
        outgoing.writeHead(200, { "content-type": "application/json" }).end(said);
      } else {
        await caller.insist("sendMessage", body, keyOf(update.updateId));
        outgoing.writeHead(200).end();
      }
    };
    serve().catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  while ((await caller.once("setWebhook", { url })) === null);
  return {
    mode: "webhook",
    taken,
    afterConfirmed: 0,
    get repeated() {
      return caller.repeated;
    },
    async close() {
      caller.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

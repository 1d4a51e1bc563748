/** A simulator, one bot and one person, and a bot's server that answers as it is told. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import {
  type Bot,
  type Person,
  type Simulator,
  type SimulatorOptions,
  startTelegramSimulator,
} from "../src/mod.ts";

export interface Answer {
  readonly status: number;
  readonly body: {
    readonly ok: boolean;
    readonly result?: unknown;
    readonly error_code?: number;
    readonly description?: string;
    readonly parameters?: { readonly retry_after?: number; readonly migrate_to_chat_id?: number };
  };
  readonly headers: Headers;
}

export interface Stage {
  readonly simulator: Simulator;
  readonly bot: Bot;
  readonly ada: Person;
  readonly call: (method: string, fields?: object) => Promise<Answer>;
  /** As `call`, with the result of a success. */
  readonly result: <T>(method: string, fields?: object) => Promise<T>;
}

export async function openStage(t: TestContext, options: SimulatorOptions = {}): Promise<Stage> {
  const simulator = await startTelegramSimulator({ limits: null, timeScale: 0.01, ...options });
  t.after(() => simulator.close());
  const bot = simulator.addBot({ username: "test_bot" });
  const ada = simulator.addUser({ firstName: "Ada", username: "ada", languageCode: "en" });
  const call: Stage["call"] = async (method, fields = {}) => {
    const response = await fetch(`${simulator.url}/bot${bot.token}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    const body = (await response.json()) as Answer["body"];
    return { status: response.status, body, headers: response.headers };
  };
  return {
    simulator,
    bot,
    ada,
    call,
    result: async <T>(method: string, fields?: object) => {
      const { body } = await call(method, fields);
      if (!body.ok) throw new Error(`${method}: ${body.description}`);
      return body.result as T;
    },
  };
}

export interface Posted {
  readonly updateId: number;
  readonly chatId: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

export interface BotServer {
  readonly url: string;
  readonly posted: readonly Posted[];
  readonly mostInFlight: number;
}

export interface BotAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `answer` may keep a post waiting. */
export async function openBotServer(
  t: TestContext,
  answer: (posted: Posted) => BotAnswer | Promise<BotAnswer>,
): Promise<BotServer> {
  const posted: Posted[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const update = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
        update_id: number;
        message?: { chat: { id: number }; text?: string };
      };
      const { update_id: updateId, message } = update;
      const post = {
        updateId,
        chatId: message?.chat.id ?? 0,
        text: message?.text ?? "",
        headers: request.headers,
      };
      posted.push(post);
      mostInFlight = Math.max(mostInFlight, ++inFlight);
      void Promise.resolve(answer(post)).then(({ status, headers, body }) => {
        inFlight--;
        response.writeHead(status, headers ?? {});
        response.end(body ?? "");
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    posted,
    get mostInFlight() {
      return mostInFlight;
    },
  };
}

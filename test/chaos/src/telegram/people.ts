/** Bots and people of a simulated Telegram, and the service that answers everything they say. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Bot, type Person, type Simulator, startTelegramSimulator } from "@rookery/telegram-simulator";
import type { Person as Member } from "../client/population.ts";
import { call } from "../client/rest.ts";
import { pause } from "../pause.ts";
import { answerTo } from "./check.ts";

export interface TelegramPeople {
  readonly simulator: Simulator;
  /** With the bot that each of them talks to. */
  readonly all: readonly { readonly person: Person; readonly bot: Bot }[];
  /** Registers the bots, with routes to the service. @throws when the cluster refuses, or does not get ready in time. */
  introduce(base: string, owner: Member): Promise<void>;
  close(): Promise<void>;
}

/** Of the simulator's own waits, which have nothing to do with what is tried here. */
const timeScale = 0.05;
const readyMsMax = 60_000;
const lookMs = 100;
/** Every third bot is polled. */
const pollEvery = 3;

export async function openTelegramPeople(shape: {
  readonly bots: number;
  readonly chats: number;
  readonly seed: number;
}): Promise<TelegramPeople> {
  const simulator = await startTelegramSimulator({ timeScale, seed: shape.seed });
  const bots = Array.from({ length: shape.bots }, (_, index) =>
    simulator.addBot({ username: `chaos_${index}_bot` }),
  );
  const all = Array.from({ length: shape.chats }, (_, index) => {
    const bot = bots[index % bots.length];
    if (bot === undefined) throw new Error("people need a bot");
    return { person: simulator.addUser({ firstName: `Person ${index}` }), bot };
  });
  const service = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const { input } = JSON.parse(body) as { readonly input: { readonly text?: string } };
      response.end(JSON.stringify({ messages: [{ text: answerTo(input.text ?? "") }] }));
    });
  });
  await new Promise<void>((resolve) => {
    service.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;

  const introduceOne = async (base: string, owner: Member, bot: Bot, index: number): Promise<void> => {
    const token = owner.token();
    const mode = index % pollEvery === pollEvery - 1 ? "polling" : "webhook";
    const username = bot.user.username ?? "";
    const body = { username, displayName: `Chaos ${index}`, mode, token: bot.token };
    const { id } = await call<{ id: number }>(base, "POST", "/v1/bots", { token, body });
    const services = { echo: { url, timeoutMs: 10_000, retries: 3 } };
    await call(base, "PUT", `/v1/bots/${id}/services`, { token, body: services });
    const routes = { text: { service: "echo" }, flood: { off: true } };
    await call(base, "PUT", `/v1/bots/${id}/routes`, { token, body: routes });
    const untilMs = performance.now() + readyMsMax;
    while (mode === "webhook" && bot.webhook === null) {
      if (performance.now() > untilMs) throw new Error(`Telegram was not told of the webhook of bot ${id}`);
      await pause(lookMs);
    }
  };

  return {
    simulator,
    all,
    introduce: async (base, owner) =>
      void (await Promise.all(bots.map((bot, index) => introduceOne(base, owner, bot, index)))),
    async close() {
      service.closeAllConnections();
      service.close();
      await simulator.close();
    },
  };
}

/** A bot's own affairs: the one of the environment, a secret that is changed under way, a webhook that somebody took. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "@rookery/kit";
import { type Bot, type Simulator, startTelegramSimulator } from "@rookery/telegram-simulator";
import { type Cluster, openCluster } from "./cluster.ts";
import { expect, type Person, readHistory, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

const withinMs = 30_000;
const cli = fileURLToPath(new URL("../../../services/cli/src/main.ts", import.meta.url));

interface BotBody {
  readonly id: number;
  readonly webhookSecret: string;
  readonly webhookStatus: string;
}

describe("a bot of Telegram's", () => {
  let simulator: Simulator;
  let bot: Bot;
  let single: Bot;
  let cluster: Cluster;
  let owner: Person;
  let socket: Socket;
  let made: BotBody;

  before(async () => {
    simulator = await startTelegramSimulator({ timeScale: 0.1 });
    bot = simulator.addBot({ username: "rotated_bot" });
    single = simulator.addBot({ username: "single_bot" });
    const env = {
      TELEGRAM_API_ROOT: simulator.url,
      TELEGRAM_BOT_TOKEN: single.token,
      TELEGRAM_WEBHOOK_SECRET: "of-the-environment",
      TELEGRAM_USE_WEBHOOK: "true",
    };
    cluster = await openCluster({ edges: 2, env });
    owner = await register(cluster.base, "owner");
    socket = await openSocket({ base: cluster.base, token: owner.token });
    const body = { username: "rotated_bot", displayName: "R", mode: "webhook", token: bot.token };
    made = await expect<BotBody>(201, cluster.base, "POST", "/v1/bots", { token: owner.token, body });
    await until(() => bot.webhook !== null, { withinMs });
  });
  after(async () => {
    await socket?.close();
    await cluster?.close();
    await simulator?.close();
  });

  it("the bot of the environment is registered at the start, and takes updates", async () => {
    await until(() => single.webhook !== null, { withinMs });
    assert.equal(single.webhook?.secretToken, "of-the-environment");
    simulator.addUser({ firstName: "Ada" }).says(single, "hello, environment");
    await until(
      () => simulator.deliveries.some(({ botId, status }) => botId === single.id && status === 200),
      {
        withinMs,
      },
    );
    assert.match(cluster.log(), /the bot of the environment is registered/);
    assert.ok(!cluster.log().includes(single.token), "the token stands in the log");
    assert.ok(!cluster.log().includes("of-the-environment"), "the secret stands in the log");
  });

  it("[T18] the bot of the environment is the first administrator's, also when that one comes later", async () => {
    const account = { username: "chief", password: "password of a chief" };
    const flags = ["--username", account.username, "--password", account.password, "--role", "admin"];
    await promisify(execFile)(process.execPath, [cli, "user", "create", ...flags, "--data", cluster.dataDir]);
    const { base } = cluster;
    const entered = await expect<{ accessToken: string }>(200, base, "POST", "/v1/auth/login", {
      body: account,
    });
    const token = entered.accessToken;
    const mine = await until(
      async () => {
        const { items } = await expect<{ items: readonly { id: number; username: string }[] }>(
          200,
          base,
          "GET",
          "/v1/bots",
          { token },
        );
        return items.find(({ username }) => username === "single_bot");
      },
      { withinMs, what: "the bot" },
    );
    assert.ok(mine !== undefined);
    // Edges know a bot for a second: people come until one is the chief's.
    await until(
      async () => {
        simulator.addUser({ firstName: "Late" }).says(single, "who is there?");
        return await until(
          async () => {
            const { items } = await expect<{ items: readonly { title: string }[] }>(
              200,
              base,
              "GET",
              "/v1/chats",
              { token },
            );
            return items.some(({ title }) => title === "Late");
          },
          { withinMs: 2_000 },
        );
      },
      { withinMs, what: "a chat of the chief's" },
    );
  });

  it("a secret that is changed while people talk loses nothing, and is another then", async () => {
    const max = simulator.addUser({ firstName: "Max" });
    const said: string[] = [];
    const say = (): void => {
      said.push(`secret ${said.length}`);
      max.says(bot, said.at(-1) ?? "");
    };
    const heard = (body: string) =>
      socket.when(body, () => [...socket.messages.values()].flat().find((message) => message.body === body));
    say();
    const { chatId } = await heard("secret 0");
    const talking = setInterval(say, 20);
    const path = `/v1/bots/${made.id}/secret`;
    try {
      for (let round = 0; round < 2; round++) {
        const changed = await expect<BotBody>(200, cluster.base, "POST", path, { token: owner.token });
        assert.notEqual(changed.webhookSecret, made.webhookSecret);
        await until(() => bot.webhook?.secretToken === changed.webhookSecret, { withinMs });
        const from = said.length;
        await until(() => said.length > from + 10, { withinMs });
      }
    } finally {
      clearInterval(talking);
    }
    await heard(said.at(-1) ?? "");
    const { items } = await readHistory(cluster.base, owner, chatId);
    assert.deepEqual(
      items.map(({ body }) => body),
      said,
    );
    const stranger = await register(cluster.base, "stranger");
    const refused = await request(cluster.base, "POST", path, { token: stranger.token });
    assert.equal(refused.status, 404);
  });
});

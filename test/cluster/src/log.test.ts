/**
 * What must not be in a log is not, whatever happens, at the level that tells most; and what happened to a request is
 * found by its id in the lines of every process that had to do with it.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@rookery/kit";
import { type Simulator, startTelegramSimulator } from "@rookery/telegram-simulator";
import { type Cluster, openCluster } from "./cluster.ts";
import { createDirect, expect, type Person, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

interface Line {
  readonly level: number;
  readonly service: string;
  readonly msg: string;
  readonly requestId?: string;
  readonly command?: string;
  readonly path?: string;
}

const botToken = `7001234567:AAH${randomBytes(16).toString("hex")}`;
const username = "quiet_bot";

describe("the logs of a cluster at trace", () => {
  /** Where it was planted, by what must not be found. */
  const planted = new Map<string, string>();
  let simulator: Simulator;
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  let chatId: number;
  let socket: Socket;

  /** A word nobody else writes. */
  function plant(where: string): string {
    const word = `${where.replaceAll(" ", "-")}-${randomBytes(9).toString("hex")}`;
    planted.set(word, where);
    return word;
  }
  const keep = (secret: string | undefined | null, where: string): void => {
    if (typeof secret === "string" && secret !== "") planted.set(secret, where);
  };

  before(async () => {
    simulator = await startTelegramSimulator();
    simulator.addBot({ username, token: botToken });
    cluster = await openCluster({
      rateLimits: "on",
      env: { LOG_LEVEL: "trace", TELEGRAM_API_ROOT: simulator.url },
    });
    [ann, bob] = await Promise.all([register(cluster.base, "ann"), register(cluster.base, "bob")]);
    for (const person of [ann, bob]) {
      keep(person.token, "access token");
      keep(person.refreshToken, "refresh token");
    }
    ({ id: chatId } = await createDirect(cluster.base, ann, bob));
    socket = await openSocket({ base: cluster.base, token: ann.token });
  });
  after(async () => {
    await socket?.close();
    await cluster?.close();
    await simulator?.close();
  });

  /** Any answer will do; what secrets it tells are kept. */
  async function call(method: string, path: string, options: Parameters<typeof request>[3] = {}) {
    const answer = await request<Record<string, unknown> | undefined>(cluster.base, method, path, options);
    for (const name of ["accessToken", "refreshToken", "secret", "key", "webhookSecret"]) {
      keep(answer.body?.[name] as string | undefined, `${name} in the answer of ${path}`);
    }
    const cookie = /refreshToken=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
    keep(cookie, `cookie of ${path}`);
    return { ...answer, cookie };
  }

  it("accounts, passwords, tokens and cookies pass", async () => {
    const password = plant("password");
    const email = `cleo_${randomBytes(5).toString("hex")}@example.org`;
    const made = await call("POST", "/v1/auth/register", { body: { email, password } });
    assert.equal(made.status, 201, made.text);
    await call("POST", "/v1/auth/register", { body: { email, password } });
    await call("POST", "/v1/auth/login", { body: { email, password: plant("wrong password") } });
    assert.equal((await call("POST", "/v1/auth/login", { body: { email, password } })).status, 200);
    const cookie = `refreshToken=${made.cookie}`;
    assert.equal((await call("POST", "/v1/auth/refresh", { headers: { cookie } })).status, 200);
    await call("POST", "/v1/auth/refresh", { body: { refreshToken: plant("foreign refresh token") } });
    await call("POST", "/v1/auth/password", {
      token: (made.body as { accessToken: string }).accessToken,
      body: { old: password, new: plant("new password") },
    });
    await call("POST", "/v1/auth/login", {
      raw: `{"email": "${email}", "password": "${plant("broken JSON")}`,
    });
    await call("POST", "/v1/auth/login", { body: { email: { a: plant("wrong shape") }, password } });
    await call("GET", "/v1/chats", { token: plant("foreign token") });
    await call("GET", `/v1/chats?token=${plant("token in a query")}`);
    await call("GET", "/v1/chats", { headers: { "x-api-key": `rk_abcdefgh_${plant("API key")}` } });
    await call("POST", "/v1/apikeys", { token: ann.token, body: { name: "logs", scopes: ["chats:read"] } });
    const initData = `user=%7B%22id%22%3A5%7D&auth_date=1&hash=${plant("initData")}`;
    await call("POST", "/v1/auth/telegram", { body: { initData, botUsername: username } });
    await call("POST", `/bot77:${plant("token in a path")}/sendMessage`, {
      body: { text: plant("Bot API text") },
    });
    await call("POST", "/v1/webhooks", {
      token: ann.token,
      body: { url: `http://127.0.0.1:9/${plant("webhook URL")}`, scope: "chat", chatId },
    });
  });

  it("messages pass by socket and REST, are changed, refused and read", async () => {
    const other = await openSocket({
      base: cluster.base,
      token: bob.token,
      tokenIn: "query",
      format: "proto",
    });
    const uuid = "00000000-0000-4000-8000-000000000001";
    socket.send({ type: "SendMessage", uuid, chatId, body: plant("body by socket") });
    await socket.frame("Ack", (frame) => frame.uuid === uuid);
    const { seq } = await expect<{ seq: number }>(201, cluster.base, "POST", `/v1/chats/${chatId}/messages`, {
      token: bob.token,
      body: { body: plant("body by REST") },
    });
    await expect(200, cluster.base, "PATCH", `/v1/chats/${chatId}/messages/${seq}`, {
      token: bob.token,
      body: { body: plant("body by edit") },
    });
    const path = `/v1/chats/${chatId}/messages`;
    await call("POST", path, { token: ann.token, body: { body: `${plant("U+0000")}\0` } });
    await call("POST", path, { token: ann.token, body: { body: plant("too long").repeat(5_000) } });
    await call("POST", "/v1/chats/999999/messages", { token: ann.token, body: { body: plant("not there") } });
    socket.sendRaw(`{"type":"SendMessage","body":"${plant("broken frame")}`);
    socket.sendRaw(JSON.stringify({ type: "SendMessage", uuid, chatId: "x", body: plant("bad frame") }));
    socket.send({ type: "Auth", token: plant("token in Auth") });
    await socket.frame("Error", (frame) => frame.code === "unauthorized");
    await other.close();
  });

  it("a bot, its updates, and a Telegram that refuses and goes away", async () => {
    keep(botToken, "bot token");
    const made = await call("POST", "/v1/bots", {
      token: ann.token,
      headers: { "x-request-id": "follow-bot" },
      body: { username, displayName: "Quiet", mode: "webhook", token: botToken },
    });
    assert.equal(made.status, 201, made.text);
    const bot = made.body as { id: number; webhookSecret: string };
    await until(() => simulator.journal.calls.length > 0, { withinMs: 15_000 });
    const update = (text: string) => ({
      update_id: Math.floor(Math.random() * 1e9),
      message: {
        message_id: 1,
        date: 1_800_000_000,
        from: { id: 555, is_bot: false, first_name: plant("first name") },
        chat: { id: 555, type: "private", first_name: "Tess" },
        text,
      },
    });
    const post = (secret: string, body: object) =>
      call("POST", `/v1/telegram/webhook/${username}`, {
        body,
        headers: { "x-telegram-bot-api-secret-token": secret, "x-request-id": "follow-telegram" },
      });
    assert.equal((await post(bot.webhookSecret, update(plant("Telegram text")))).status, 200);
    await post(plant("wrong webhook secret"), update(plant("text of a stranger")));
    await call("POST", `/v1/telegram/webhook/${username}`, {
      raw: `{"update_id": "${plant("broken update")}"`,
      headers: { "x-telegram-bot-api-secret-token": bot.webhookSecret },
    });
    const { items } = await expect<{ items: readonly { id: number; type: string }[] }>(
      200,
      cluster.base,
      "GET",
      "/v1/chats",
      { token: ann.token },
    );
    const chat = items.find(({ type }) => type === "telegram");
    await expect(201, cluster.base, "POST", `/v1/chats/${chat?.id}/messages`, {
      token: ann.token,
      headers: { "x-request-id": "follow-out" },
      body: { body: plant("body to Telegram") },
    });
    await until(() => simulator.journal.calls.some(({ method }) => method === "sendMessage"), {
      withinMs: 15_000,
    });
    await simulator.close();
    const mark = cluster.log().length;
    await call("PATCH", `/v1/bots/${bot.id}`, {
      token: ann.token,
      headers: { "x-request-id": "follow-mode" },
      body: { mode: "polling" },
    });
    await until(() => cluster.log().slice(mark).includes("a webhook is not set"), { withinMs: 20_000 });
  });

  it("Postgres and Redis go away under it and come back", async () => {
    const path = `/v1/chats/${chatId}/messages`;
    cluster.kill("postgres", 0, "SIGKILL");
    cluster.kill("redis", 0, "SIGKILL");
    const during = await Promise.all([
      call("POST", path, { token: ann.token, body: { body: plant("body in an outage") } }),
      call("POST", "/v1/auth/login", {
        body: { email: ann.email, password: plant("password in an outage") },
      }),
    ]);
    assert.ok(during.some(({ status }) => status !== 401));
    await until(async () => (await request(cluster.base, "GET", "/health/ready")).status === 200, {
      withinMs: 60_000,
    });
    await until(
      async () =>
        (await call("POST", path, { token: ann.token, body: { body: plant("body after an outage") } }))
          .status === 201,
      { withinMs: 30_000 },
    );
  });

  const lines = (): Line[] =>
    cluster
      .log()
      .split("\n")
      .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Line] : []));

  it("a request is found by its id: answered by the edge, committed by the worker, sent by the courier", async () => {
    await expect(201, cluster.base, "POST", `/v1/chats/${chatId}/messages`, {
      token: ann.token,
      headers: { "x-request-id": "follow-me" },
      body: { body: plant("body that is followed") },
    });
    const told = (id: string, service: string, msg: string) => (): boolean =>
      lines().some((line) => line.requestId === id && line.service === service && line.msg === msg);
    for (const id of ["follow-me", "follow-telegram"]) {
      await until(told(id, "edge", "a command is answered"), { withinMs: 30_000 });
      await until(told(id, "worker", "a command is committed"), { withinMs: 30_000 });
    }
    await until(told("follow-out", "worker", "a command is committed"), { withinMs: 30_000 });
    await until(told("follow-out", "courier", "a send was tried"), { withinMs: 30_000 });
    await until(told("follow-me", "edge", "answered"), { withinMs: 30_000 });
    // What one actor asks of another, and word of what the courier did, go under the id of what caused them.
    const relayed = (id: string, command: string) => (): boolean =>
      lines().some((line) => line.requestId === id && line.service === "worker" && line.command === command);
    await expect(201, cluster.base, "POST", "/v1/chats", {
      token: ann.token,
      headers: { "x-request-id": "follow-group" },
      body: { type: "group", title: plant("title that is followed"), memberIds: [bob.userId] },
    });
    await until(relayed("follow-group", "joined"), { withinMs: 30_000, what: "word to the users" });
    await until(relayed("follow-out", "settle"), { withinMs: 30_000, what: "word of the send" });
    // Telegram's webhook is set, and changed, by the courier, whenever it comes to it.
    const knows = "Telegram knows where the updates go";
    await until(told("follow-bot", "courier", knows), { withinMs: 30_000, what: "setWebhook" });
    const isNot = "a webhook is not set";
    await until(told("follow-mode", "courier", isNot), { withinMs: 30_000, what: "deleteWebhook" });
    const connId = lines().find(({ msg }) => msg === "a socket is let in");
    assert.ok(connId !== undefined);
  });

  it("none of the secrets and bodies stands anywhere, not even in the servers' own logs", async () => {
    await cluster.stop();
    const folder = join(cluster.dataDir, "log");
    const files = await readdir(folder);
    assert.ok(files.includes("postgres.log"));
    const texts = new Map([["the processes", cluster.log()]]);
    for (const file of files) texts.set(file, await readFile(join(folder, file), "utf8"));
    assert.ok(planted.size > 30, `${planted.size} planted`);
    assert.ok(
      lines().some(({ level }) => level === 20),
      "the level is not trace",
    );
    const found = [...texts].flatMap(([name, text]) =>
      [...planted].flatMap(([secret, where]) =>
        text.includes(secret) ? [`${where} in the log of ${name}`] : [],
      ),
    );
    assert.deepEqual(found, []);
  });
});

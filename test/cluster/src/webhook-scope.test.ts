/** Who hears of what by webhook, also when that changes; and what an operator sees of it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ChatBody, type MessageBody, until } from "@rookery/kit";
import { type Bot, type Simulator, startTelegramSimulator } from "@rookery/telegram-simulator";
import { type Cluster, openCluster } from "./cluster.ts";
import { createGroup, type Person, register, request } from "./rest.ts";
import {
  type DeliveryBody,
  enrolAdmin,
  type Hook,
  type HookStage,
  openHookStage,
  type Told,
  withinMs,
} from "./webhook/stage.ts";

describe("webhooks, by what their owners may read", () => {
  let cluster: Cluster;
  let simulator: Simulator;
  let stage: HookStage;
  let ann: Person;
  let bob: Person;
  let admin: Person;

  before(async () => {
    simulator = await startTelegramSimulator({ timeScale: 0.1 });
    cluster = await openCluster({ env: { TELEGRAM_API_ROOT: simulator.url } });
    stage = await openHookStage(cluster);
    ann = await register(cluster.base, "ann");
    bob = await register(cluster.base, "bob");
    admin = await enrolAdmin(cluster, stage);
  });
  after(async () => {
    await cluster?.close();
    await simulator?.close();
    await stage?.close();
  });

  const openChat = (...members: Person[]): Promise<ChatBody> =>
    createGroup(cluster.base, ann, members, "rooks");
  const say = (chatId: number, body: string, more: object = {}): Promise<MessageBody> =>
    stage.ask(201, ann, "POST", `/v1/chats/${chatId}/messages`, { body: { body, ...more } });
  /** Of messages; the rows are there when the message is acked, so a look tells who is told. */
  const isTold = async (owner: Person, hook: Hook, { chatId, seq }: MessageBody): Promise<boolean> =>
    (await stage.deliveries(owner, hook)).some(({ id }) => id === `msg_${hook.id}_${chatId}m${seq}`);
  const botOf = (told: Told | undefined): number | undefined =>
    (told?.data["bot"] as { id: number } | undefined)?.id;
  const listen = (owner: Person, chatId: number): Promise<Hook> =>
    stage.make(owner, { scope: "chat", chatId, events: ["message.created"] });

  it("who is taken out of a chat hears nothing from then on, and again when they are back", async () => {
    const chat = await openChat(bob);
    const hook = await listen(bob, chat.id);
    assert.ok(await isTold(bob, hook, await say(chat.id, "with bob")));
    await stage.ask(204, ann, "DELETE", `/v1/chats/${chat.id}/members/${bob.userId}`);
    assert.ok(!(await isTold(bob, hook, await say(chat.id, "without bob"))));
    await stage.ask(200, ann, "POST", `/v1/chats/${chat.id}/invite`, { body: { userIds: [bob.userId] } });
    assert.ok(await isTold(bob, hook, await say(chat.id, "with bob again")));
    await until(() => hook.told().some(({ data }) => data["body"] === "with bob again"), { withinMs });
    assert.ok(hook.told().every(({ data }) => data["body"] !== "without bob"));
  });

  it("whose reading the ACL ends hears nothing, until it is given back; a stranger may not ask at all", async () => {
    const chat = await openChat(bob);
    const hook = await listen(bob, chat.id);
    const path = `/v1/chats/${chat.id}/acl/user:${bob.userId}`;
    await stage.ask(200, ann, "PUT", path, { body: { canRead: false } });
    assert.ok(!(await isTold(bob, hook, await say(chat.id, "unread"))));
    const body = { url: "http://127.0.0.1:9/", scope: "chat", chatId: chat.id };
    for (const each of [bob, admin]) {
      const { status } = await request(cluster.base, "POST", "/v1/webhooks", { token: each.token, body });
      assert.equal(status, 404);
    }
    await stage.ask(204, ann, "DELETE", path);
    assert.ok(await isTold(bob, hook, await say(chat.id, "read")));
  });

  it("the scope all hears every chat while its owner is an admin, and nothing afterwards", async () => {
    const chat = await openChat();
    const other = await openChat(bob);
    const { status } = await request(cluster.base, "POST", "/v1/webhooks", {
      token: ann.token,
      body: { url: "http://127.0.0.1:9/", scope: "all" },
    });
    assert.equal(status, 403);
    const root = await enrolAdmin(cluster, stage);
    const hook = await stage.make(root, { scope: "all", events: ["message.created"] });
    for (const each of [chat, other]) assert.ok(await isTold(root, hook, await say(each.id, "anywhere")));
    await stage.rookery("role", "grant", "member", "--user", root.username);
    assert.ok(!(await isTold(root, hook, await say(chat.id, "no admin any more"))));
  });

  it("scope bot hears the chats of a bot of one's own, scope reply what answers it", async () => {
    const bot = await stage.ask<{ id: number; token: string }>(201, ann, "POST", "/v1/bots", {
      body: { username: `rook_${Date.now() % 1e9}_bot`, displayName: "Rook", mode: "native" },
    });
    const events = ["message.created"];
    const all = await stage.make(ann, { scope: "bot", botId: bot.id, events });
    const replies = await stage.make(ann, { scope: "reply", botId: bot.id, events });
    const chat = await openChat();
    await stage.ask(200, ann, "POST", `/v1/chats/${chat.id}/invite`, { body: { userIds: [bot.id] } });
    const said = await fetch(`${cluster.base}/bot${bot.token}/sendMessage`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ chat_id: -chat.id, text: "ask me" }),
    });
    const { result } = (await said.json()) as { result: { message_id: number } };
    const plain = await say(chat.id, "hello");
    const reply = await say(chat.id, "an answer", { replyTo: result.message_id });
    const aside = await say(chat.id, "to a person", { replyTo: plain.seq });
    const other = await say((await openChat()).id, "elsewhere");
    for (const each of [plain, reply, aside]) assert.ok(await isTold(ann, all, each));
    assert.ok(!(await isTold(ann, all, other)));
    assert.deepEqual(
      (await stage.deliveries(ann, replies)).map(({ id }) => id),
      [`msg_${replies.id}_${chat.id}m${reply.seq}`],
    );
    await replies.heard(1);
    const { status } = await request(cluster.base, "POST", "/v1/webhooks", {
      token: bob.token,
      body: { url: "http://127.0.0.1:9/", scope: "bot", botId: bot.id },
    });
    assert.equal(status, 404, "another's bot");
  });

  it("updates of Telegram's are told as they came, those about no chat too", async () => {
    const username = "hooked_bot";
    const bot: Bot = simulator.addBot({ username });
    const body = { username, displayName: "Hooked", mode: "webhook", token: bot.token };
    const made = await stage.ask<{ id: number; webhookSecret: string }>(201, ann, "POST", "/v1/bots", {
      body,
    });
    const hook = await stage.make(ann, { scope: "bot", botId: made.id });
    await until(() => bot.webhook !== null, { withinMs });
    simulator.addUser({ firstName: "Ivo" }).says(bot, "hello from afar");
    // Two deliveries, which do not wait for each other.
    const types = ["message.created", "telegram.update"];
    await until(() => types.every((type) => hook.types().includes(type)), { withinMs });
    const message = hook.told().find(({ data }) => data["body"] === "hello from afar");
    assert.deepEqual([message?.type, botOf(message)], ["message.created", made.id]);
    const update = hook.told().find(({ type }) => type === "telegram.update");
    const raw = update?.data["update"] as { message?: { text: string } };
    assert.equal(raw.message?.text, "hello from afar");
    const from = { id: 77, is_bot: false, first_name: "Ida" };
    const asked = { update_id: 900_000_001, inline_query: { id: "1", from, query: "rooks", offset: "" } };
    await stage.ask(200, ann, "POST", `/v1/telegram/webhook/${username}`, {
      headers: { "x-telegram-bot-api-secret-token": made.webhookSecret },
      body: asked,
    });
    await until(() => hook.told().some(({ data }) => data["chatId"] === null), { withinMs });
    const chatless = hook.told().find(({ data }) => data["chatId"] === null);
    assert.deepEqual(chatless?.data, { chatId: null, seq: null, update: asked, bot: { id: made.id } });
  });

  it("an operator sees what waits and what is dead, sends it again, and has figures of it", async () => {
    const chat = await openChat();
    const events = ["message.created"];
    const waits = { schedule: [0, 3_600_000] };
    const slow = await stage.make(ann, { scope: "chat", chatId: chat.id, events, retry: waits });
    const short = await stage.make(ann, { scope: "chat", chatId: chat.id, events, retry: { schedule: [0] } });
    for (const hook of [slow, short]) stage.behave(hook, () => 503);
    const { seq } = await say(chat.id, "to nobody");
    const idOf = (hook: Hook): string => `msg_${hook.id}_${chat.id}m${seq}`;
    const list = async (action: string, hook: Hook): Promise<DeliveryBody[]> =>
      JSON.parse(
        await stage.rookery("webhooks", action, "--endpoint", String(hook.id), "--json"),
      ) as DeliveryBody[];
    await until(async () => (await list("dead", short)).length === 1, { withinMs });
    await until(async () => (await stage.delivery(ann, idOf(slow))).attemptCount === 1, { withinMs });
    assert.deepEqual(
      (await list("pending", slow)).map(({ id }) => id),
      [idOf(slow)],
    );
    assert.equal((await stage.endpoint(ann, slow)).status, "enabled");
    assert.equal(typeof (await stage.endpoint(ann, slow)).failingSince, "number");

    const figure = async (name: string): Promise<number> => {
      const { text } = await request(cluster.base, "GET", "/metrics");
      const line = text.split("\n").find((each) => each.startsWith(name)) ?? "";
      return Number(line.slice(line.lastIndexOf(" ")));
    };
    await until(async () => (await figure("rookery_webhook_pending")) >= 1, { withinMs });
    for (const result of ["success", "failure"]) {
      const name = `rookery_webhook_attempts_total{result="${result}"`;
      await until(async () => (await figure(name)) >= 1, { withinMs, what: name });
    }
    assert.ok((await figure("rookery_webhook_oldest_seconds")) >= 0);

    for (const hook of [slow, short]) stage.behave(hook, () => 200);
    assert.match(await stage.rookery("webhooks", "replay", idOf(short)), /goes again/);
    await until(async () => (await stage.delivery(ann, idOf(short))).status === "delivered", { withinMs });
    assert.match(await stage.rookery("webhooks", "replay", idOf(slow)), /under way/);
    assert.equal((await list("dead", short)).length, 0);
  });

  it("every delivery of this file was verified", () => {
    assert.ok(stage.verified() > 8);
  });
});

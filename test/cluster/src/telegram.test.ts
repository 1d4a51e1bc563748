/** A Telegram update becomes a message that the bot's owner sees live and finds in history, once. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ChatBody, type MessageBody, until } from "@rookery/kit";
import { type Simulator, startTelegramSimulator } from "@rookery/telegram-simulator";
import { type Cluster, openCluster } from "./cluster.ts";
import { orderFaults } from "./order-check.ts";
import { expect, type Person, readHistory, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

const token = "7001234567:AAHtHeToKeNnObOdYmAyEvErReAdInALoG";
const username = "house_bot";

interface Bot {
  readonly id: number;
  readonly username: string;
  readonly webhookSecret: string;
  readonly webhookStatus: string;
}

describe("Telegram reaches a chat", () => {
  let simulator: Simulator;
  let cluster: Cluster;
  let owner: Person;
  let bot: Bot;
  let socket: Socket;
  let updateId = 1_000;

  before(async () => {
    simulator = await startTelegramSimulator();
    simulator.addBot({ username, token });
    cluster = await openCluster({ edges: 2, env: { TELEGRAM_API_ROOT: simulator.url } });
    owner = await register(cluster.base, "owner");
    socket = await openSocket({ base: cluster.base, token: owner.token });
    const answer = await request<Bot>(cluster.base, "POST", "/v1/bots", {
      token: owner.token,
      body: { username, displayName: "The house", mode: "webhook", token },
    });
    assert.equal(answer.status, 201, answer.text);
    assert.ok(!answer.text.includes(token), "the token is never told");
    bot = answer.body;
  });
  after(async () => {
    await socket?.close();
    await cluster?.close();
    await simulator?.close();
  });

  function update(chatId: number, text: string, extra: object = {}): { update_id: number; message: object } {
    updateId++;
    return {
      update_id: updateId,
      message: {
        message_id: updateId,
        date: Math.floor(Date.now() / 1000),
        from: { id: chatId, is_bot: false, first_name: "Tess", username: "tess" },
        chat: { id: chatId, type: "private", first_name: "Tess", username: "tess" },
        text,
        ...extra,
      },
    };
  }

  const post = (body: object | string, secret: string | undefined = bot.webhookSecret, edge = 0) =>
    request(cluster.edges[edge] as string, "POST", `/v1/telegram/webhook/${username}`, {
      ...(typeof body === "string" ? { raw: body } : { body }),
      headers: secret === "" ? {} : { "x-telegram-bot-api-secret-token": secret },
    });

  const live = (text: string): MessageBody[] =>
    [...socket.messages.values()].flat().filter((message) => message.body === text);

  async function heard(text: string): Promise<MessageBody> {
    return await socket.when(`"${text}"`, () => live(text)[0]);
  }

  it("tells Telegram where the webhook is and under which secret", async () => {
    assert.ok(bot.webhookSecret.length > 0);
    assert.ok(["pending", "set"].includes(bot.webhookStatus), bot.webhookStatus);
    const { calls } = simulator.journal;
    const call = await until(() => calls.find(({ method }) => method === "setWebhook"), { withinMs: 15_000 });
    assert.equal(call?.botId, Number(token.split(":")[0]));
    assert.ok(
      String(call?.fields["url"]).endsWith(`/v1/telegram/webhook/${username}`),
      String(call?.fields["url"]),
    );
    assert.equal(call?.fields["secret_token"], bot.webhookSecret);
    await until(
      async () => {
        const now = await expect<Bot>(200, cluster.base, "GET", `/v1/bots/${bot.id}`, { token: owner.token });
        return now.webhookStatus !== "pending";
      },
      { withinMs: 15_000 },
    );
  });

  it("an update is on the owner's socket and in history, in a chat of kind telegram", async () => {
    const answer = await post(update(555, "hello from outside"));
    assert.equal(answer.status, 200);
    const message = await heard("hello from outside");
    assert.equal(message.source, "telegram");
    assert.equal(message.kind, "text");
    assert.notEqual(message.senderId, owner.userId, "the sender is a user of their own");
    await socket.frame(
      "ChatAdded",
      (frame) => frame.chat.id === message.chatId && frame.chat.type === "telegram",
    );
    const { items } = await readHistory(cluster.base, owner, message.chatId);
    assert.ok(items.some(({ seq, body }) => seq === message.seq && body === "hello from outside"));
    const chats = await expect<{ items: readonly ChatBody[] }>(200, cluster.base, "GET", "/v1/chats", {
      token: owner.token,
    });
    assert.equal(chats.items.find(({ id }) => id === message.chatId)?.type, "telegram");
  });

  it("[L1] 200 is answered after the commit: history has it at once", async () => {
    const first = await post(update(556, "first of 556"));
    assert.equal(first.status, 200);
    const { chatId } = await heard("first of 556");
    for (let index = 0; index < 20; index++) {
      assert.equal((await post(update(556, `quick ${index}`), bot.webhookSecret, index % 2)).status, 200);
      const { items } = await readHistory(cluster.edges[1] as string, owner, chatId);
      assert.equal(items.at(-1)?.body, `quick ${index}`);
    }
  });

  it("[L3] an update posted twice, also at once and through two edges, is there once", async () => {
    const twice = update(557, "said once");
    assert.equal((await post(twice)).status, 200);
    assert.equal((await post(twice)).status, 200);
    const { chatId } = await heard("said once");
    const crowd = update(557, "said by a crowd");
    const answers = await Promise.all([0, 1, 0, 1, 0, 1].map((edge) => post(crowd, bot.webhookSecret, edge)));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal((await post(update(557, "the end"))).status, 200);
    await heard("the end");
    const { items, headSeq } = await readHistory(cluster.base, owner, chatId);
    assert.deepEqual(orderFaults("history", items, { first: 1, last: headSeq }), []);
    assert.deepEqual(
      items.filter(({ kind }) => kind === "text").map(({ body }) => body),
      ["said once", "said by a crowd", "the end"],
    );
    assert.equal(live("said once").length, 1);
    assert.equal(live("said by a crowd").length, 1);
  });

  it("a first update posted by many at once makes one chat and one message", async () => {
    const first = update(558, "the very first");
    const answers = await Promise.all([0, 1, 0, 1].map((edge) => post(first, bot.webhookSecret, edge)));
    assert.ok(answers.every(({ status }) => status === 200));
    await heard("the very first");
    await socket.ping();
    assert.equal(live("the very first").length, 1);
  });

  it("each Telegram chat is a chat of its own, and one person is one sender in all of them", async () => {
    const group = { id: -100_200_300, type: "supergroup", title: "The neighbours" };
    await post(update(559, "in private"));
    await post(update(559, "in the group", { chat: group }));
    const [inPrivate, inGroup] = [await heard("in private"), await heard("in the group")];
    assert.notEqual(inPrivate.chatId, inGroup.chatId);
    assert.equal(inPrivate.senderId, inGroup.senderId);
    const chat = await expect<ChatBody>(200, cluster.base, "GET", `/v1/chats/${inGroup.chatId}`, {
      token: owner.token,
    });
    assert.equal(chat.title, "The neighbours");
  });

  it("a wrong secret or none is answered 200, dropped, and logged without the secret", async () => {
    const wrong = "a-wrong-secret-that-must-not-be-logged";
    const mark = cluster.log().length;
    assert.equal((await post(update(560, "from a stranger"), wrong)).status, 200);
    assert.equal((await post(update(560, "from nobody"), "")).status, 200);
    await until(() => /secret/i.test(cluster.log().slice(mark)), { withinMs: 5_000 });
    assert.equal((await post(update(560, "from Telegram"))).status, 200);
    const { chatId } = await heard("from Telegram");
    await socket.ping();
    assert.equal(live("from a stranger").length + live("from nobody").length, 0);
    const { items } = await readHistory(cluster.base, owner, chatId);
    assert.deepEqual(
      items.filter(({ kind }) => kind === "text").map(({ body }) => body),
      ["from Telegram"],
    );
    assert.ok(!cluster.log().includes(wrong), "the wrong secret stands in the log");
    assert.ok(!cluster.log().includes(bot.webhookSecret), "the right secret stands in the log");
    assert.ok(!cluster.log().includes(token), "the token stands in the log");
  });

  it("updates without a message, unknown ones and broken ones disturb nobody", async () => {
    for (const body of [
      { update_id: ++updateId, poll: { id: "1", question: "?" } },
      { update_id: ++updateId, something_new: { id: 1 } },
      { update_id: ++updateId },
      { update_id: "x", message: 5 },
      "{broken",
      "",
    ]) {
      const { status } = await post(body);
      assert.ok(status < 500, `${JSON.stringify(body)}: ${status}`);
    }
    assert.equal((await post(update(561, "still there"))).status, 200);
    await heard("still there");
  });

  it("[L3] after a restart of everything a repeated update still changes nothing", async () => {
    const lasting = update(562, "lasting");
    await post(lasting);
    const { chatId } = await heard("lasting");
    await cluster.restart();
    socket = await openSocket({ base: cluster.base, token: owner.token });
    assert.equal((await post(lasting)).status, 200);
    assert.equal((await post(update(562, "after the restart"))).status, 200);
    const after = await heard("after the restart");
    assert.equal(after.chatId, chatId);
    const { items } = await readHistory(cluster.base, owner, chatId);
    assert.deepEqual(
      items.filter(({ kind }) => kind === "text").map(({ body }) => body),
      ["lasting", "after the restart"],
    );
  });
});

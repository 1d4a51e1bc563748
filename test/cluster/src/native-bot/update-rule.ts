/** The rules of getUpdates (the design's page on Telegram, section 2), over two edges. What the edge alone decides is tested there. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { until } from "@rookery/kit";
import { createGroup, expect, type Person, register } from "../rest.ts";
import { type BotMessage, makeBot, type OwnBot, say, talkTo, type Update } from "./bot-api.ts";

const terminated =
  "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
const active =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const nowhere = "https://127.0.0.1:1/";

export function updatesAreAskedFor(edges: () => readonly string[]): void {
  const base = () => edges()[0] ?? "";
  const other = () => edges()[1] ?? "";
  const texts = (updates: readonly Update[]) => updates.map(({ message }) => message?.text);
  const ids = (updates: readonly Update[]) => updates.map(({ update_id: id }) => id);

  it("0 starts at the head and confirms nothing; above 0 forgets what is below; unconfirmed updates come again", async () => {
    const { bot, speak } = await pair();
    await speak("one", "two", "three");
    await arrived(bot, 3);
    assert.deepEqual(texts(await bot.updates({ limit: 2 }, other())), ["one", "two"]);
    const all = await bot.updates();
    assert.deepEqual(texts(all), ["one", "two", "three"]);
    assert.deepEqual(ids(all), [1, 2, 3]);
    assert.deepEqual(texts(await bot.updates({ offset: 2 })), ["two", "three"]);
    assert.deepEqual(texts(await bot.updates({}, other())), ["two", "three"]);
    assert.deepEqual(await bot.updates({ offset: 4 }, other()), []);
    assert.deepEqual(await bot.updates(), []);
    await speak("four");
    assert.deepEqual(ids(await bot.take(1)), [4]);
  });

  it("a negative offset keeps the last of them and forgets the rest", async () => {
    const { bot, speak } = await pair();
    await speak("a", "b", "c", "d");
    await arrived(bot, 4);
    assert.deepEqual(texts(await bot.updates({ offset: -2 }, other())), ["c", "d"]);
    assert.deepEqual(texts(await bot.updates()), ["c", "d"]);
    assert.deepEqual(texts(await bot.updates({ offset: -9 })), ["c", "d"]);
  });

  it("an offset beyond all that is there loses nothing that comes", async () => {
    const { bot, speak } = await pair();
    const other = { consumer: "other" };
    assert.deepEqual(await bot.updates(other), []);
    await speak("a");
    await arrived(bot, 1);
    assert.deepEqual(await bot.updates({ offset: 1_000_000 }), []);
    await speak("b");
    await until(async () => (await bot.updates(other)).length === 2, { withinMs: 30_000 });
    assert.deepEqual(await bot.updates({ ...other, offset: 3 }), []);
    assert.deepEqual(texts(await bot.updates()), ["b"]);
  });

  it("a long poll is told of what comes, on whichever edge it waits", async () => {
    const { bot, speak } = await pair();
    let offset = 0;
    for (const edge of edges()) {
      const waiting = bot.updates({ timeout: 30, offset }, edge);
      await speak("at last");
      const [update] = await waiting;
      assert.equal(update?.message?.text, "at last");
      offset = (update?.update_id ?? 0) + 1;
    }
    assert.deepEqual(await bot.updates({ timeout: 1, offset }), []);
  });

  it("a second long poll ends the first, also on another edge; a short one ends nobody's", async () => {
    const { bot, speak } = await pair();
    const polls = edges().map((edge) => bot.call("getUpdates", { timeout: 50 }, edge));
    // Which of them was the first is known by how it ends.
    const [first, { error_code: code, description }] = await Promise.race(
      polls.map(async (poll, place) => [place, await poll] as const),
    );
    assert.deepEqual([code, description], [409, terminated]);
    assert.deepEqual(await bot.updates(), []);
    await speak("x");
    const second = await polls[1 - first];
    assert.deepEqual(texts(second?.result as readonly Update[]), ["x"]);
  });

  it("setWebhook ends a long poll; while there is a webhook getUpdates is refused", async () => {
    const { bot } = await pair();
    const waiting = bot.call("getUpdates", { timeout: 50 }, other());
    let isOver = false;
    void waiting.finally(() => {
      isOver = true;
    });
    // Deleted and set again: the poll may have reached its owner only after the first time.
    await until(
      async () => {
        await bot.done("deleteWebhook");
        await bot.done("setWebhook", { url: nowhere });
        return isOver;
      },
      { withinMs: 30_000 },
    );
    const { error_code: code, description } = await waiting;
    assert.equal(code, 409);
    assert.ok(
      [active, "Conflict: terminated by setWebhook request"].includes(description ?? ""),
      description,
    );
    for (const edge of edges()) {
      const refused = await bot.call("getUpdates", {}, edge);
      assert.deepEqual([refused.error_code, refused.description], [409, active]);
    }
    await bot.done("deleteWebhook", {}, other());
    assert.deepEqual(await bot.updates(), []);
  });

  it("allowed_updates filters when updates are made, is remembered, and is shared with setWebhook", async () => {
    const { bot, person, speak } = await pair();
    const sent = await bot.done<BotMessage>("sendMessage", { chat_id: person.userId, text: "?" });
    const react = async () => {
      const path = `/v1/chats/${await chatOf(bot, person)}/messages/${sent.message_id}/reactions/%F0%9F%91%8D`;
      for (const method of ["PUT", "DELETE"])
        await expect(204, base(), method, path, { token: person.token });
    };
    await react();
    await speak("not told of reactions");
    assert.deepEqual(texts(await bot.take(1)), ["not told of reactions"]);
    assert.deepEqual(await bot.updates({ offset: 2, allowed_updates: ["message_reaction"] }), []);
    await react();
    await speak("not told of messages");
    const [liked, unliked] = await bot.take(2);
    assert.deepEqual(Object.keys(liked ?? {}), ["update_id", "message_reaction"]);
    assert.deepEqual(Object.keys(unliked ?? {}), ["update_id", "message_reaction"]);
    await bot.done("setWebhook", { url: nowhere, allowed_updates: [] });
    await bot.done("deleteWebhook");
    await react();
    await speak("as at first");
    assert.deepEqual(texts(await bot.take(1)), ["as at first"]);
  });

  it("named consumers see every update in order, each from its own place, beside the bot itself", async () => {
    const { bot, speak } = await pair();
    assert.deepEqual(await bot.updates({ consumer: "stats" }), []);
    assert.deepEqual(await bot.updates({ consumer: "archive" }, other()), []);
    await speak("a", "b", "c");
    await arrived(bot, 3);
    assert.deepEqual(texts(await bot.updates({ consumer: "stats" })), ["a", "b", "c"]);
    assert.deepEqual(texts(await bot.updates({ consumer: "stats", offset: 3 }, other())), ["c"]);
    assert.deepEqual(await bot.updates({ offset: 4 }), []);
    assert.deepEqual(texts(await bot.updates({ consumer: "archive", limit: 2 })), ["a", "b"]);
    // Beside a webhook they go on.
    await bot.done("setWebhook", { url: nowhere });
    assert.deepEqual(texts(await bot.updates({ consumer: "stats" })), ["c"]);
    const waiting = bot.updates({ consumer: "stats", offset: 4, timeout: 30 }, other());
    await speak("d");
    assert.deepEqual(texts(await waiting), ["d"]);
    assert.deepEqual(texts(await bot.updates({ consumer: "archive", offset: 3 })), ["c", "d"]);
    await bot.done("deleteWebhook", { drop_pending_updates: true });
    assert.deepEqual(await bot.updates(), []);
    assert.deepEqual(texts(await bot.updates({ consumer: "archive" })), ["c", "d"]);
  });

  it("numbers are one after the other, and every chat's updates in its order, however many talk at once", async () => {
    const owner = await register(base(), "host");
    const bot = await makeBot(edges(), owner);
    await expect(200, base(), "PATCH", `/v1/bots/${bot.id}`, {
      token: owner.token,
      body: { privacyMode: false },
    });
    const groups = await Promise.all(
      Array.from({ length: 4 }, async (_, number) => {
        const group = await createGroup(base(), owner, [], `Group ${number}`);
        const body = { userIds: [bot.id] };
        await expect(200, base(), "POST", `/v1/chats/${group.id}/invite`, { token: owner.token, body });
        return group.id;
      }),
    );
    await bot.take(8);
    const count = 15;
    await Promise.all(
      groups.map(async (chatId) => {
        for (let number = 0; number < count; number += 1) await say(base(), owner, chatId, `${number}`);
      }),
    );
    const heard = await bot.take(groups.length * count);
    assert.deepEqual(
      ids(heard),
      heard.map((_, place) => 9 + place),
    );
    for (const chatId of groups) {
      const own = heard.filter(({ message }) => message?.chat.id === -chatId);
      assert.deepEqual(
        texts(own),
        own.map((_, number) => `${number}`),
      );
      assert.equal(own.length, count);
    }
  });

  async function pair() {
    const owner = await register(base(), "asker");
    const bot = await makeBot(edges(), owner);
    const { id: chatId } = await talkTo(base(), owner, bot);
    const speak = async (...bodies: readonly string[]) => {
      for (const body of bodies) await say(other(), owner, chatId, body);
    };
    return { bot, person: owner, speak };
  }

  async function chatOf(bot: OwnBot, person: Person): Promise<number> {
    const body = { type: "direct", memberIds: [bot.id] };
    const chat = await expect<{ id: number }>(200, base(), "POST", "/v1/chats", {
      token: person.token,
      body,
    });
    return chat.id;
  }

  /** Updates are there a moment after what they tell of. */
  async function arrived(bot: OwnBot, count: number): Promise<void> {
    await until(async () => (await bot.updates()).length === count, { withinMs: 30_000 });
  }
}

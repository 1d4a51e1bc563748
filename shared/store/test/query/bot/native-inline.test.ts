/** Answers of bots of ours in inline mode: in time, once, and for whom else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerInline, findInlineOffer, readInlineOffer } from "../../../src/mod.ts";
import { nowMs, openTestStore } from "../../cluster.ts";

const { store } = await openTestStore();
const answer = { results: [], nextOffset: "2" };
const said = { answer, isPersonal: false, cacheMs: 60_000 };

/** A question of user 7 to bot 5. */
async function ask(id: number, query: string): Promise<void> {
  await store.query(
    `insert into bot_inline (id, bot_id, user_id, query, page, edge, created_ms)
     values ($1, 5, 7, $2, '', 'e1', $3)`,
    [id, query, nowMs],
  );
}

test("a bot answers once, within 10 s, its own questions", async () => {
  await ask(1, "a");
  assert.equal(await answerInline(store, { id: 1, botId: 6 }, said, nowMs), null);
  assert.equal(await answerInline(store, { id: 1, botId: 5 }, said, nowMs + 10_000), null);
  assert.equal(await answerInline(store, { id: 1, botId: 5 }, said, nowMs + 9_999), "e1");
  assert.equal(await answerInline(store, { id: 1, botId: 5 }, said, nowMs), null);
  const offer = { queryId: 1, botId: 5, query: "a", ...answer };
  assert.deepEqual(await readInlineOffer(store, 1, 7), offer);
});

test("an answer serves others as long as it says, unless it is for one", async () => {
  const asked = { botId: 5, userId: 8, query: "b", offset: "" };
  await ask(2, "b");
  assert.equal(await findInlineOffer(store, asked, nowMs), null);
  await answerInline(store, { id: 2, botId: 5 }, said, nowMs);
  assert.equal((await findInlineOffer(store, asked, nowMs + 59_999))?.queryId, 2);
  assert.equal(await findInlineOffer(store, asked, nowMs + 60_000), null);
  assert.equal(await findInlineOffer(store, { ...asked, offset: "2" }, nowMs), null);
  await ask(3, "c");
  await answerInline(store, { id: 3, botId: 5 }, { ...said, isPersonal: true }, nowMs);
  assert.equal(await findInlineOffer(store, { ...asked, query: "c" }, nowMs), null);
  assert.equal(await readInlineOffer(store, 3, 8), null);
  assert.equal((await findInlineOffer(store, { ...asked, query: "c", userId: 7 }, nowMs))?.queryId, 3);
});

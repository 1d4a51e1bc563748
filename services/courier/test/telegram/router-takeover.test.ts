/** Couriers that answer a bot one after the other: nothing is said twice, nothing forgotten. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import { shardOf } from "@rookery/protocol";
import { claimShards } from "@rookery/store";
import { type Courier, openRouterStage, withinMs } from "./router-stage.ts";

const stage = await openRouterStage("router-takeover");
after(() => stage.close());
const { store, shards, base, served, asked, makeBot, says, start, stateOf } = stage;
const courier = await start();

test("[L2] whoever was deposed while a service was asked says nothing, and the new owner says it once", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  served.set("/move", async () => {
    if ((asked.get("/move")?.length ?? 0) === 1) await held;
    return { body: { messages: [{ text: "once" }] } };
  });
  const botId = await makeBot(
    { text: { service: "move" } },
    { move: { url: `${base}/move`, timeoutMs: 10_000 } },
  );
  await says(botId, 20, "hi");
  await says(botId, 20, "hi again");
  courier.wake(botId);
  await until(() => asked.get("/move")?.length === 1, { withinMs });
  const { rows: shardRows } = await store.query<{ id: number; epoch: number }>(
    "select id, epoch from shard where kind = 'job'",
  );
  await claimShards(store, "job", shardRows, "somebody else");
  release();
  // It goes on to the second: with the first it has done what it could.
  await until(() => asked.get("/move")?.length === 2, { withinMs });
  assert.deepEqual([(await stateOf(botId))[0], courier.bodies(20)], ["pending", []]);
  const next = await start();
  next.wake(botId);
  await until(() => next.bodies(20).length === 2, { withinMs });
  assert.deepEqual([...courier.bodies(20), ...next.bodies(20)], ["once", "once"]);
});

test("[T11] whoever answers a bot next counts on: the 21st of a minute is refused, and that is said once", async () => {
  const botId = await makeBot({ text: { reply: { en: "yes" } }, flood: {}, rateLimit: { en: "slow down" } });
  const startMs = Date.now() - 50_000;
  let said = 0;
  const sayMore = async (owner: Courier, count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1, said += 1) {
      await says(botId, 22, "hi", startMs + said * 1_100);
    }
    owner.wake(botId);
    await until(async () => (await stateOf(botId)).every((state) => state === "done"), { withinMs });
  };
  const first = await start();
  await sayMore(first, 20);
  assert.deepEqual(first.bodies(22), Array(20).fill("yes"));
  const second = await start();
  await sayMore(second, 1);
  assert.deepEqual(second.bodies(22), ["slow down"]);
  const third = await start();
  await sayMore(third, 3);
  assert.deepEqual(third.bodies(22), []);
  said += 60;
  const fourth = await start();
  await sayMore(fourth, 1);
  assert.deepEqual(fourth.bodies(22), ["yes"]);
});

test("what a former courier had committed and not said is said first, and the next answer waits until the chat has it", async () => {
  const botId = await makeBot({ text: { reply: { en: "next" } } });
  const former = `bot-${botId}-1-0`;
  await store.query(
    `insert into relay (id, source_shard, target_kind, target_id, command, created_ms)
     values ($1, $2, 'chat', 21, $3, $4)`,
    [former, shardOf("chat", 21, shards), { kind: "send", body: "former" }, Date.now()],
  );
  // Those of before are deposed, and would still play their chats' part.
  await stage.stop();
  const deaf = await start(false);
  await says(botId, 21, "hi");
  deaf.wake(botId);
  // Said again, for the chat does not take it.
  await until(() => deaf.bodies(21).length >= 2, { withinMs });
  assert.deepEqual([...new Set(deaf.bodies(21))], ["former"]);
  assert.deepEqual(await stateOf(botId), ["pending"]);
  await store.query("delete from relay where id = $1", [former]);
  await until(() => deaf.bodies(21).includes("next"), { withinMs });
});

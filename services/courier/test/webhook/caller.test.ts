/** Deliveries on real rows, to a receiver that answers as told: what it saw is what counts. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openRandom, openWebhookReceiver, type SeenWebhook, until } from "@rookery/kit";
import { verifyWebhook, type WebhookHeaders } from "@rookery/webhook";
import { openWebhookStage } from "./webhook-stage.ts";

const withinMs = 30_000;
const stage = await openWebhookStage("caller test");
const { store } = stage;
const receiver = await openWebhookReceiver();
after(async () => {
  await stage.close();
  await receiver.close();
});

/** Many, soon one after the other. */
const soon = (attempts: number) => ({ schedule: Array.from({ length: attempts }, () => 20) });
const at = (path: string): SeenWebhook[] => receiver.seen.filter((seen) => seen.path === path);
async function allDone(endpointId: number) {
  let rows: Awaited<ReturnType<typeof stage.deliveries>> = [];
  const isDone = async (): Promise<boolean> => {
    rows = await stage.deliveries(endpointId);
    return rows.length > 0 && rows.every(({ state }) => state !== "pending");
  };
  await until(isDone, { withinMs, what: `the deliveries of ${endpointId}` });
  return rows;
}

test("a delivery goes at once, signed; its row and its attempt say so within a second", async () => {
  const { id, secret } = await stage.makeEndpoint(`${receiver.url}/first`);
  const courier = await stage.start();
  // The first of an endpoint makes it known.
  courier.wake(await stage.write(id, 1, 1));
  await allDone(id);
  const beganMs = Date.now();
  courier.wake(await stage.write(id, 1, 2));
  await until(() => at("/first").length === 2, { withinMs });
  const rows = await allDone(id);
  console.log(`told, delivered and written after ${Date.now() - beganMs} ms`);
  assert.deepEqual(
    rows.map(({ state, attempts, status }) => [state, attempts, status]),
    [
      ["delivered", 1, 200],
      ["delivered", 1, 200],
    ],
  );
  const [, second] = at("/first");
  assert.equal(second?.id, `msg_${id}_1m2`);
  assert.equal(second?.headers["user-agent"], "rookery/test");
  assert.equal(second?.headers["content-type"], "application/json");
  const headers = second.headers as unknown as WebhookHeaders;
  assert.ok(verifyWebhook(headers, second.body, secret, Date.now()));
  const attempts = await store.query(
    "select n, status, response from webhook_attempt where delivery_id = $1",
    [second.id],
  );
  assert.deepEqual(attempts.rows, [{ n: 1, status: 200, response: "said 200" }]);
  await courier.close();
});

test("[L10] word that is lost costs a look, and what is left open is the next courier's", async () => {
  const { id } = await stage.makeEndpoint(`${receiver.url}/lost`);
  await stage.write(id, 1, 1);
  const courier = await stage.start();
  await stage.write(id, 1, 2);
  await allDone(id);
  assert.equal(at("/lost").length, 2);
  await courier.close();
});

test("what is refused is tried again under the same id, and in the end is dead; the owner's other endpoint is told", async () => {
  const { id } = await stage.makeEndpoint(`${receiver.url}/refuses`, {
    retry: soon(2),
    scope: "chat",
    chat_id: 5,
  });
  const told = await stage.makeEndpoint(`${receiver.url}/told`, { events: ["delivery.exhausted"] });
  receiver.behave(({ path }) =>
    path === "/refuses" ? { status: 302, headers: { location: `${receiver.url}/elsewhere` } } : 200,
  );
  const courier = await stage.start();
  courier.wake(await stage.write(id, 5, 1));
  const [row] = await allDone(id);
  assert.deepEqual([row?.state, row?.attempts, row?.status], ["dead", 3, 302]);
  assert.deepEqual(
    at("/refuses").map((seen) => seen.id),
    Array.from({ length: 3 }, () => row?.id),
  );
  assert.equal(at("/elsewhere").length, 0, "redirections are not followed");
  await allDone(told.id);
  const [word] = at("/told");
  const { type, data } = JSON.parse(word?.body ?? "{}") as { type: string; data: Record<string, unknown> };
  assert.equal(type, "delivery.exhausted");
  assert.deepEqual([data["endpointId"], data["deliveryId"], data["status"]], [id, row?.id, 302]);
  await courier.close();
  receiver.behave(() => 200);
});

test("410 disables: what waited is dead, others are told, and nothing is called any more", async () => {
  const { id } = await stage.makeEndpoint(`${receiver.url}/gone`, { scope: "chat", chat_id: 6, fifo: true });
  const told = await stage.makeEndpoint(`${receiver.url}/told-gone`, { events: ["endpoint.disabled"] });
  receiver.behave(({ path }) => (path === "/gone" ? 410 : 200));
  for (const seq of [1, 2, 3]) await stage.write(id, 6, seq);
  const courier = await stage.start();
  const rows = await allDone(id);
  assert.deepEqual(
    rows.map(({ state, attempts }) => [state, attempts]),
    [
      ["dead", 1],
      ["dead", 0],
      ["dead", 0],
    ],
  );
  const endpoint = await store.query("select status, disabled_reason from webhook_endpoint where id = $1", [
    id,
  ]);
  assert.deepEqual(endpoint.rows, [{ status: "disabled", disabled_reason: "gone" }]);
  await allDone(told.id);
  assert.equal(at("/told-gone").length, 1);
  courier.wake(await stage.write(id, 6, 4));
  await allDone(id);
  assert.equal(at("/gone").length, 1);
  await courier.close();
  receiver.behave(() => 200);
});

test("an endpoint that hangs holds up nobody else", async () => {
  const slow = await stage.makeEndpoint(`${receiver.url}/hangs`, { retry: soon(1) });
  const fast = await stage.makeEndpoint(`${receiver.url}/fast`);
  receiver.behave(({ path }) => (path === "/hangs" ? "hang" : 200));
  const courier = await stage.start();
  for (let seq = 1; seq <= 30; seq += 1) courier.wake(await stage.write(slow.id, 1, seq));
  await until(() => receiver.hanging > 0, { withinMs });
  for (let seq = 1; seq <= 30; seq += 1) courier.wake(await stage.write(fast.id, 1, seq));
  await allDone(fast.id);
  assert.ok(receiver.hanging > 0, "it still hangs");
  assert.ok(at("/hangs").length <= 10, "no more at once than its share");
  await store.query("update webhook_endpoint set deleted_ms = 1, version = version + 1 where id = $1", [
    slow.id,
  ]);
  await courier.close();
  receiver.behave(() => 200);
});

test("a change of an endpoint is known at the next look: its URL, and that it goes on after it was disabled", async () => {
  const { id } = await stage.makeEndpoint(`${receiver.url}/old`);
  const courier = await stage.start();
  courier.wake(await stage.write(id, 1, 1));
  await allDone(id);
  await store.query("update webhook_endpoint set url = $2, version = version + 1 where id = $1", [
    id,
    `${receiver.url}/new`,
  ]);
  courier.caller.look();
  await until(
    async () => {
      const seq = 2 + at("/new").length + at("/old").length;
      courier.wake(await stage.write(id, 1, seq));
      await allDone(id);
      return at("/new").length > 0;
    },
    { withinMs },
  );
  await courier.close();
});

for (const seed of [1, 1_234]) {
  test(`[L2] however it is answered and whoever calls: each arrives by one id, in its chat's order where that is kept (seed ${seed})`, async () => {
    const random = openRandom(seed);
    const many = 99;
    const paths = [`/fifo-${seed}`, `/free-${seed}`] as const;
    const retry = soon(50);
    const fifo = await stage.makeEndpoint(`${receiver.url}${paths[0]}`, {
      retry,
      fifo: true,
      timeout_ms: 1_000,
    });
    const free = await stage.makeEndpoint(`${receiver.url}${paths[1]}`, { retry, timeout_ms: 1_000 });
    receiver.behave(({ path }) => {
      if (!paths.some((each) => each === path)) return 200;
      const dice = random.below(30);
      if (dice < 3) return 500;
      if (dice === 3) return "reset";
      if (dice === 4) return { status: 307, headers: { location: `${receiver.url}/stolen` } };
      if (dice === 5) return { status: 429, headers: { "retry-after": "1" } };
      return random.once(150) ? "hang" : 200;
    });
    let courier = await stage.start();
    const deposed = [];
    for (let seq = 1; seq <= many; seq += 1) {
      for (const { id } of [fifo, free]) {
        const job = await stage.write(id, seq % 3, Math.ceil(seq / 3));
        // Of every third nobody hears.
        if (!random.once(3)) courier.wake(job);
      }
      if (!random.once(25)) continue;
      // Killed: it does not give back, and what it has in flight goes on.
      deposed.push(courier);
      courier = await stage.start();
    }
    await allDone(fifo.id);
    await allDone(free.id);
    for (const each of deposed) await each.close();
    await courier.close();
    receiver.behave(() => 200);
    for (const [path, { id }] of [
      [paths[0], fifo],
      [paths[1], free],
    ] as const) {
      const rows = await stage.deliveries(id);
      assert.ok(rows.every(({ state }) => state === "delivered"));
      const ids = new Set(at(path).map((seen) => seen.id));
      assert.deepEqual([...ids].toSorted(), rows.map((row) => row.id).toSorted());
    }
    assert.equal(at("/stolen").length, 0);
    // What came first of each, in the order in which it came.
    const firsts = new Map<string, number[]>();
    for (const id of new Set(at(paths[0]).map((seen) => seen.id))) {
      const [chat = "", seq] = (id.split("_")[2] ?? "").split("m");
      firsts.set(chat, [...(firsts.get(chat) ?? []), Number(seq)]);
    }
    assert.equal(firsts.size, 3);
    for (const seqs of firsts.values()) {
      assert.deepEqual(
        seqs,
        seqs.map((_, index) => index + 1),
      );
    }
    const attempts = await store.query<{ count: number }>(
      "select count(*) from webhook_attempt where delivery_id like $1",
      [`msg_${fifo.id}_%`],
    );
    console.log(
      `${deposed.length} couriers deposed, ${attempts.rows[0]?.count} attempts for ${many} in order`,
    );
  });
}

/** Schedules of days on real rows, by a clock that the test turns on: couriers come and go meanwhile. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openRandom, openWebhookReceiver, until } from "@rookery/kit";
import { openWebhookStage } from "./webhook-stage.ts";

const withinMs = 120_000;
const hour = 3_600_000;
const day = 24 * hour;
const stepsMs = [0, 5_000, 300_000, ...[0.5, 2, 5, 10, 14, 20, 24].map((hours) => hours * hour)];
const stage = await openWebhookStage("schedule test");
const { store } = stage;
const receiver = await openWebhookReceiver();
after(async () => {
  await stage.close();
  await receiver.close();
});

interface Row {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly nextMs: number;
}

/** Stands still unless it is turned. */
function openClock(startMs: number) {
  const times = { steadyMs: startMs, wallMs: startMs };
  return {
    clock: { steadyMs: () => times.steadyMs, wallMs: () => times.wallMs },
    pass: (ms: number): void => {
      times.steadyMs += ms;
      times.wallMs += ms;
    },
    /** As if somebody set it. */
    jump: (ms: number): void => {
      times.wallMs += ms;
    },
  };
}

async function rowsOf(endpointId: number): Promise<Row[]> {
  const { rows } = await store.query<Row>(
    `select id, state, attempts, next_ms as "nextMs" from webhook_delivery where endpoint_id = $1 order by id`,
    [endpointId],
  );
  return rows;
}
const countAt = (path: string): number => receiver.seen.filter((seen) => seen.path === path).length;

test("[Must show] the schedule of 75 hours: no attempt missed, early or doubled, whoever ends meanwhile", async () => {
  const random = openRandom(75);
  const { clock, pass } = openClock(Date.UTC(2026, 0, 1));
  receiver.behave(({ path }) => (path === "/days" ? 500 : 200));
  const days = await stage.makeEndpoint(`${receiver.url}/days`, { retry: { schedule: "standard" } });
  const marks = await stage.makeEndpoint(`${receiver.url}/marks`);
  const begunMs = clock.wallMs();
  for (const seq of [1, 2, 3]) await stage.write(days.id, seq, seq, begunMs);
  let courier = await stage.start({ clock, spreadMs: 0 });
  let restarts = 0;
  let marked = 0;
  /** What is due has begun when a mark that was made after it has arrived. */
  const mark = async (): Promise<void> => {
    courier.caller.look();
    courier.wake(await stage.write(marks.id, 9, (marked += 1), clock.wallMs()));
    await until(() => countAt("/marks") >= marked, { withinMs, what: "a mark" });
  };
  const restart = async (): Promise<void> => {
    if (!random.chance(0.6)) return;
    await courier.close();
    courier = await stage.start({ clock, spreadMs: 0 });
    restarts += 1;
  };
  for (let tried = 1; tried <= stepsMs.length; tried += 1) {
    await until(async () => (await rowsOf(days.id)).every(({ attempts }) => attempts === tried), {
      withinMs,
      what: `attempt ${tried} of each`,
    });
    assert.equal(countAt("/days"), 3 * tried);
    if (tried === stepsMs.length) break;
    const nexts = (await rowsOf(days.id)).map(({ nextMs }) => nextMs);
    await restart();
    pass(Math.min(...nexts) - 1 - clock.wallMs());
    await mark();
    assert.equal(countAt("/days"), 3 * tried, "nothing is early");
    await restart();
    pass(Math.max(...nexts) - clock.wallMs());
    courier.caller.look();
  }
  const rows = await rowsOf(days.id);
  assert.ok(rows.every(({ state }) => state === "dead"));
  for (const { id } of rows) {
    const { rows: attempts } = await store.query<{ n: number; at: number; ms: number }>(
      `select n, at_ms as at, latency_ms as ms from webhook_attempt where delivery_id = $1 order by n`,
      [id],
    );
    assert.deepEqual(
      attempts.map(({ n }) => n),
      stepsMs.map((_, index) => index + 1),
    );
    for (const [index, { at }] of attempts.entries()) {
      const waitedMs = at - (attempts[index - 1]?.at ?? begunMs);
      const stepMs = stepsMs[index] ?? 0;
      assert.ok(waitedMs >= stepMs && waitedMs <= stepMs * 1.05 + 1_000, `${id} waited ${waitedMs}`);
    }
  }
  const hours = (clock.wallMs() - begunMs) / hour;
  console.log(`${stepsMs.length} attempts of each in ${hours.toFixed(1)} hours, ${restarts} couriers ended`);
  assert.ok(restarts > 3 && hours >= 75.5);
  await courier.close();
  receiver.behave(() => 200);
});

test("five days of only failures disable an endpoint, by whichever couriers; a success in between begins anew", async () => {
  const { clock, pass } = openClock(Date.UTC(2026, 0, 1));
  const retry = { schedule: Array.from({ length: 20 }, () => day) };
  const failing = await stage.makeEndpoint(`${receiver.url}/failing`, { retry });
  const wavering = await stage.makeEndpoint(`${receiver.url}/wavering`, { retry });
  const told = await stage.makeEndpoint(`${receiver.url}/word`, { events: ["endpoint.disabled"] });
  let isWell = false;
  receiver.behave(({ path }) => (path === "/failing" || (path === "/wavering" && !isWell) ? 500 : 200));
  for (const { id } of [failing, wavering]) await stage.write(id, 1, 1, clock.wallMs());
  const statusOf = async (id: number): Promise<string> => {
    const sql = "select status, disabled_reason as reason from webhook_endpoint where id = $1";
    const { rows } = await store.query<{ status: string; reason: string | null }>(sql, [id]);
    return `${rows[0]?.status} ${rows[0]?.reason ?? ""}`.trim();
  };
  for (let at = 0; at < 6; at += 1) {
    const courier = await stage.start({ clock, spreadMs: 0 });
    isWell = at === 3;
    if (at === 4) courier.wake(await stage.write(wavering.id, 1, 2, clock.wallMs()));
    const attempted = async (id: number, count: number): Promise<boolean> =>
      (await rowsOf(id)).reduce((sum, { attempts }) => sum + attempts, 0) >= count;
    await until(async () => (await attempted(failing.id, at + 1)) && (await attempted(wavering.id, at + 1)), {
      withinMs,
      what: `the attempts of day ${at}`,
    });
    assert.equal(await statusOf(failing.id), at < 5 ? "enabled" : "disabled failing", `day ${at}`);
    assert.equal(await statusOf(wavering.id), "enabled", `day ${at}`);
    if (at === 5) {
      await until(() => countAt("/word") === 1, { withinMs, what: "word of it" });
      const isBuried = async (): Promise<boolean> => (await rowsOf(failing.id))[0]?.state === "dead";
      await until(isBuried, { withinMs, what: "the end of what waited: it may be replayed later" });
    }
    await courier.close();
    pass(day * 1.05);
  }
  const { rows } = await store.query("select state from webhook_delivery where endpoint_id = $1", [told.id]);
  assert.deepEqual(rows, [{ state: "delivered" }]);
  receiver.behave(() => 200);
});

for (const jumpMs of [-10 * day, -3 * day, 10 * day]) {
  test(`a clock that jumps by ${jumpMs / day} days makes nothing wait for it`, async () => {
    const path = `/jump${jumpMs}`;
    const { clock, pass, jump } = openClock(Date.UTC(2026, 5, 1));
    let isWell = false;
    receiver.behave((seen) => (seen.path === path && !isWell ? 500 : 200));
    const { id } = await stage.makeEndpoint(`${receiver.url}${path}`, {
      retry: { schedule: [0, 10 * 60_000] },
    });
    const other = await stage.makeEndpoint(`${receiver.url}${path}-other`);
    await stage.write(id, 1, 1, clock.wallMs());
    const first = await stage.start({ clock, spreadMs: 0 });
    await until(async () => (await rowsOf(id))[0]?.attempts === 1, { withinMs, what: "the first attempt" });
    jump(jumpMs);
    isWell = true;
    // What happens now goes now.
    first.wake(await stage.write(other.id, 1, 1, clock.wallMs()));
    await until(() => countAt(`${path}-other`) === 1, { withinMs, what: "a delivery after the jump" });
    if (jumpMs < 0) assert.equal(countAt(path), 1);
    await first.close();
    // Whoever comes next believes no time that no schedule can have set.
    const second = await stage.start({ clock, spreadMs: 0 });
    let passedMs = 0;
    const isTriedAgain = (): boolean => {
      if (countAt(path) === 2) return true;
      pass(60_000);
      passedMs += 60_000;
      second.caller.look();
      return false;
    };
    await until(isTriedAgain, { withinMs, what: "the second attempt" });
    console.log(`tried again after at most ${passedMs / 60_000} minutes of a clock that was hurried`);
    assert.ok(passedMs < day);
    await second.close();
    receiver.behave(() => 200);
  });
}

/** An endpoint's rows, and couriers that come and go over them: what is not written is forgotten with its courier. */
import assert from "node:assert/strict";
import { type Answer, Endpoint, type EndpointDelivery, type EndpointPolicy } from "../src/mod.ts";

export interface Row extends EndpointDelivery {
  attempts: number;
  nextMs: number;
  state: "pending" | "delivered" | "dead";
}

/** A request as the receiver sees it. */
export interface Arrival {
  readonly id: string;
  readonly chatId: number;
  readonly place: number;
  readonly atMs: number;
  readonly answeredMs: number;
}

export interface Habits {
  readonly policy: EndpointPolicy;
  readonly answer: () => Answer;
  /** How long an answer takes, and its writing after it. */
  readonly latencyMs: () => number;
  readonly writeMs: () => number;
  /** Asked at every step: the courier ends here, and another one comes. */
  readonly ends: (underWay: number) => boolean;
}

interface Event {
  readonly atMs: number;
  readonly happens: () => void;
}

/** Runs until nothing is pending. */
export function run(rows: readonly Row[], startMs: number, random: () => number, habits: Habits): Arrival[] {
  const arrivals: Arrival[] = [];
  let nowMs = startMs;
  for (let courier = 0; rows.some(({ state }) => state === "pending"); courier += 1) {
    assert.ok(courier < 10_000, "it ends");
    nowMs = serve(rows, arrivals, { ...habits, nowMs, random });
  }
  return arrivals;
}

/** One courier, from its taking over to its end; when that was. */
function serve(
  rows: readonly Row[],
  arrivals: Arrival[],
  habits: Habits & { readonly nowMs: number; readonly random: () => number },
): number {
  let { nowMs } = habits;
  const endpoint = new Endpoint<Row>(habits.policy, { failingSinceMs: null, disableMs: Number.MAX_VALUE });
  for (const row of rows) if (row.state === "pending") endpoint.add({ ...row }, nowMs);
  let events: Event[] = [];
  const write = (row: Row, judged: ReturnType<Endpoint["judge"]>): void => {
    const stored = rows.find(({ id }) => id === row.id);
    assert.ok(stored);
    stored.state = judged.state;
    stored.attempts = judged.attempts;
    stored.nextMs = judged.nextMs ?? stored.nextMs;
    endpoint.settle(row, judged);
  };
  while (endpoint.size > 0) {
    if (habits.ends(events.length)) return nowMs;
    for (const row of endpoint.take(nowMs, 1_000)) {
      const answeredMs = nowMs + habits.latencyMs();
      arrivals.push({ ...row, chatId: row.chatId ?? 0, atMs: nowMs, answeredMs });
      const happens = (): void => {
        const judged = endpoint.judge(row, habits.answer(), nowMs, habits.random());
        events.push({ atMs: nowMs + habits.writeMs(), happens: () => write(row, judged) });
      };
      events.push({ atMs: answeredMs, happens });
    }
    const nextMs = Math.min(...events.map(({ atMs }) => atMs), endpoint.nextMs(nowMs) ?? Number.MAX_VALUE);
    assert.ok(nextMs < Number.MAX_VALUE, "what is open has a time");
    nowMs = Math.max(nowMs, nextMs);
    const due = events.filter(({ atMs }) => atMs <= nowMs);
    events = events.filter(({ atMs }) => atMs > nowMs);
    for (const { happens } of due.toSorted((one, other) => one.atMs - other.atMs)) happens();
  }
  return nowMs;
}

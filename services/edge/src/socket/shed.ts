/**
 * Edges that hold more than their share send a part of it to the others. A new edge gets no socket by itself: those that are
 * open stay where they are, and the fleet would be uneven until they end. Each edge tells how many it holds; who is well over
 * the mean closes a bounded part a second, with the words of one that stops, and clients come back wherever they are led.
 */
import type { Bus, Liveness } from "@rookery/bus";
import { type EdgeLoad, encodeInternal, parseInternal, subjects } from "@rookery/protocol";
import { Counter, type Log, type Registry } from "@rookery/runtime";

const tellMs = 1_000;
/** Over the mean by so much an edge begins, and goes on until so little is left. */
const beginShare = 1.2;
const endShare = 1.05;
/** Fewer than that over the mean are no burden, and small fleets are never even. */
const excessMin = 20;

export interface SheddingState {
  readonly active: boolean;
}

/** How many to close now, of `own`, in a fleet that holds `others` too; and whether to go on. Pure. */
export function planShedding(
  state: SheddingState,
  counts: { readonly own: number; readonly others: readonly number[] },
  percent: number,
): { readonly close: number; readonly state: SheddingState } {
  const { own, others } = counts;
  const mean = (own + others.reduce((sum, each) => sum + each, 0)) / (others.length + 1);
  const excess = own - Math.ceil(mean * endShare);
  const begins = own > mean * beginShare && own - mean >= excessMin;
  if (others.length === 0 || percent === 0 || excess <= 0 || !(state.active || begins)) {
    return { close: 0, state: { active: false } };
  }
  return { close: Math.min(excess, Math.max(1, Math.ceil((own * percent) / 100))), state: { active: true } };
}

/** Tells the others how many sockets are here, and sheds. `live` are the edges that count. */
export function startShedding(parts: {
  readonly bus: Bus;
  readonly edge: string;
  /** Of the sockets there are, a second. 0: never. */
  readonly percent: number;
  readonly live: () => ReturnType<Liveness["live"]>;
  readonly count: () => number;
  /** @returns how many it closed. */
  readonly shed: (count: number) => number;
  readonly metrics: Registry;
  readonly log: Log;
}): { close(): void } {
  const { bus, edge, percent, log } = parts;
  const loads = new Map<string, number>();
  let state: SheddingState = { active: false };
  const counter = new Counter({
    name: "rookery_ws_shed_total",
    help: "Sockets that were sent to other edges, for those hold fewer",
    registers: [parts.metrics],
  });
  const subscription = bus.subscribe(subjects.edgeLoad, ({ bytes }) => {
    const load = parseInternal<EdgeLoad>(bytes);
    loads.set(load.edge, load.sockets);
  });
  const timer = setInterval(() => {
    const own = parts.count();
    bus.publish(subjects.edgeLoad, encodeInternal({ edge, sockets: own } satisfies EdgeLoad));
    const live = parts.live();
    // Who hears nobody knows no mean. One that has not told yet is new and holds none, or will tell within a second.
    if (live === null) return;
    for (const each of loads.keys()) if (!live.includes(each)) loads.delete(each);
    const others = live
      .filter((each) => each !== edge && loads.has(each))
      .map((each) => loads.get(each) ?? 0);
    const plan = planShedding(state, { own, others }, percent);
    if (plan.state.active !== state.active) {
      log.info(
        { sockets: own, others },
        plan.state.active ? "sheds sockets to other edges" : "sheds no more",
      );
    }
    state = plan.state;
    if (plan.close > 0) counter.inc(parts.shed(plan.close));
  }, tellMs);
  return {
    close() {
      clearInterval(timer);
      subscription.close();
    },
  };
}

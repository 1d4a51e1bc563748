/** What became of deliveries, by what their receivers saw and what Postgres says at the end. Pure. */

/** An endpoint that hears the messages of one chat. */
export interface HookAccount {
  readonly id: number;
  readonly chatId: number;
  readonly fifo: boolean;
}

/** A request, in the order of its coming. */
export interface Arrival {
  readonly endpointId: number;
  /** The header `webhook-id`. */
  readonly id: string;
  readonly seq: number;
  /** Of the body. */
  readonly digest: string;
  /** Whether its signature is its endpoint's. */
  readonly isSigned: boolean;
  /** Whether it was answered 2xx. */
  readonly isTaken: boolean;
}

export interface DeliveryState {
  readonly id: string;
  readonly endpointId: number;
  readonly state: string;
}

export interface WebhookVerdict {
  /** Messages that were acked and did not come to an endpoint of their chat; or came, and were never taken. */
  readonly lost: number;
  /** What came of messages that nobody sent. */
  readonly foreign: number;
  /** A message that came under two ids or with two bodies, or two messages under one id. */
  readonly unstable: number;
  readonly unsigned: number;
  /** At an endpoint that keeps the order, a later one before an earlier one was taken. */
  readonly disordered: number;
  readonly pending: number;
  /** None may be: the schedule is longer than the receiver's moods. */
  readonly dead: number;
  /** Said to be delivered, and never taken. */
  readonly unproven: number;
  /** Taken more than once, as may be: its courier was killed before the result was written, or gave up waiting for the answer. */
  readonly repeated: number;
  /**
   * Repeats, at an endpoint that keeps the order, that came behind later ones: a call that was given up waited at the receiver, and was
   * overtaken. By their ids they are known for what was taken already.
   */
  readonly repeatedLate: number;
}

/** @param acked places of the messages of each chat. */
export function judgeWebhooks(
  hooks: readonly HookAccount[],
  acked: ReadonlyMap<number, ReadonlySet<number>>,
  arrivals: readonly Arrival[],
  rows: readonly DeliveryState[],
): WebhookVerdict {
  const byHook = Map.groupBy(arrivals, ({ endpointId }) => endpointId);
  const found = hooks.map((hook) =>
    judgeHook(hook, acked.get(hook.chatId) ?? new Set(), byHook.get(hook.id) ?? []),
  );
  const sum = (name: keyof (typeof found)[number]): number =>
    found.reduce((total, each) => total + each[name], 0);
  const taken = new Set(arrivals.flatMap(({ isTaken, id }) => (isTaken ? [id] : [])));
  return {
    lost: sum("lost"),
    foreign: sum("foreign"),
    unstable: sum("unstable"),
    unsigned: arrivals.filter(({ isSigned }) => !isSigned).length,
    disordered: sum("disordered"),
    pending: rows.filter(({ state }) => state === "pending").length,
    dead: rows.filter(({ state }) => state === "dead").length,
    unproven: rows.filter(({ id, state }) => state === "delivered" && !taken.has(id)).length,
    repeated: sum("repeated"),
    repeatedLate: sum("repeatedLate"),
  };
}

/** All of it must be 0 but for repeats, which at least once brings with it. */
export function isWebhookClean(verdict: WebhookVerdict): boolean {
  return Object.entries(verdict).every(([name, count]) => name.startsWith("repeated") || count === 0);
}

function judgeHook({ fifo }: HookAccount, acked: ReadonlySet<number>, arrivals: readonly Arrival[]) {
  const takenCounts = new Map<number, number>();
  const names = new Map<string, Set<string>>();
  const note = (what: string, name: string): void => {
    names.set(what, (names.get(what) ?? new Set()).add(name));
  };
  for (const { seq, id, digest, isTaken } of arrivals) {
    if (isTaken) takenCounts.set(seq, (takenCounts.get(seq) ?? 0) + 1);
    note(`seq ${seq}`, `${id} ${digest}`);
    note(`id ${id}`, String(seq));
  }
  return {
    lost: [...acked].filter((seq) => !takenCounts.has(seq)).length,
    foreign: arrivals.filter(({ seq }) => !acked.has(seq)).length,
    unstable: [...names.values()].filter(({ size }) => size > 1).length,
    ...(fifo ? judgeOrder(acked, arrivals) : { disordered: 0, repeatedLate: 0 }),
    repeated: [...takenCounts.values()].filter((count) => count > 1).length,
  };
}

/** The next may come when all before it have been taken. */
function judgeOrder(acked: ReadonlySet<number>, arrivals: readonly Arrival[]) {
  const order = [...acked].toSorted((one, other) => one - other);
  const taken = new Set<number>();
  let [disordered, repeatedLate, next, furthest] = [0, 0, 0, 0];
  for (const { seq, isTaken } of arrivals) {
    if (taken.has(seq)) repeatedLate += seq < furthest ? 1 : 0;
    else if (acked.has(seq) && seq !== order[next]) disordered += 1;
    if (isTaken) taken.add(seq);
    furthest = Math.max(furthest, seq);
    while (taken.has(order[next] ?? 0)) next += 1;
  }
  return { disordered, repeatedLate };
}

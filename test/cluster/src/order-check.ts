/** What readers, writers and history must agree on (L3, L4). Pure; every function returns complaints. */
import type { FrameOf, MessageBody } from "@rookery/kit";
/** Beyond this a list of complaints says nothing more. */
const complaintsMax = 20;

/** Every seq of `first`…`last` once, in that order. */
export function orderFaults(
  who: string,
  seen: readonly Pick<MessageBody, "seq">[],
  range: { readonly first: number; readonly last: number },
): string[] {
  const faults: string[] = [];
  const known = new Set<number>();
  let previous = range.first - 1;
  for (const { seq } of seen) {
    if (known.has(seq)) faults.push(`${who} saw seq ${seq} twice`);
    else if (seq < range.first || seq > range.last) faults.push(`${who} saw seq ${seq} outside the range`);
    else if (seq < previous) faults.push(`${who} saw seq ${seq} after ${previous}`);
    known.add(seq);
    if (seq > previous) previous = seq;
  }
  for (let seq = range.first; seq <= range.last; seq++) {
    if (!known.has(seq)) faults.push(`${who} never saw seq ${seq}`);
  }
  return bounded(faults);
}

/** The same seq is the same message for both; a seq that only one has is left to `orderFaults`. */
export function agreementFaults(
  names: readonly [string, string],
  one: readonly MessageBody[],
  other: readonly MessageBody[],
): string[] {
  const bySeq = new Map(other.map((message) => [message.seq, message]));
  const faults: string[] = [];
  for (const message of one) {
    const twin = bySeq.get(message.seq);
    if (twin === undefined) continue;
    for (const field of ["chatId", "uuid", "senderId", "body", "kind", "ts", "source"] as const) {
      if (message[field] !== twin[field]) {
        faults.push(
          `seq ${message.seq}: ${field} is ${message[field]} for ${names[0]}, ${twin[field]} for ${names[1]}`,
        );
      }
    }
  }
  return bounded(faults);
}

/** What was acknowledged is in the log where the ack says, and no uuid is in it twice. */
export function ackFaults(
  acks: Iterable<Pick<FrameOf<"Ack">, "uuid" | "seq">>,
  history: readonly MessageBody[],
): string[] {
  const faults: string[] = [];
  const bySeq = new Map(history.map((message) => [message.seq, message]));
  for (const ack of acks) {
    const message = bySeq.get(ack.seq);
    if (message === undefined)
      faults.push(`${ack.uuid} was acknowledged as seq ${ack.seq}, which is not there`);
    else if (message.uuid !== ack.uuid) {
      faults.push(`${ack.uuid} was acknowledged as seq ${ack.seq}, which is ${message.uuid}`);
    }
  }
  return bounded([...faults, ...doubledFaults(history)]);
}

/** A uuid of one sender names one message. */
export function doubledFaults(history: readonly MessageBody[]): string[] {
  const faults: string[] = [];
  const seqOf = new Map<string, number>();
  for (const message of history) {
    const scope = `${message.senderId} ${message.uuid}`;
    const earlier = seqOf.get(scope);
    if (earlier !== undefined && earlier !== message.seq) {
      faults.push(`${message.uuid} is there as seq ${earlier} and as seq ${message.seq}`);
    }
    seqOf.set(scope, message.seq);
  }
  return bounded(faults);
}

/** The messages of one sender stand in the order in which they were sent. */
export function senderOrderFaults(
  history: readonly MessageBody[],
  senderId: number,
  sent: readonly string[],
): string[] {
  const stored = history.filter((message) => message.senderId === senderId).map((message) => message.uuid);
  const faults: string[] = [];
  for (const [index, uuid] of sent.entries()) {
    if (stored[index] !== uuid)
      faults.push(`message ${index} of ${senderId} is ${stored[index]}, sent was ${uuid}`);
  }
  return bounded(faults);
}

/** A client that keeps the highest seq and takes only what is above it: what it has at the end. */
export function keepHighest(arrivals: readonly MessageBody[], from: number): MessageBody[] {
  const kept: MessageBody[] = [];
  let highest = from;
  for (const message of arrivals) {
    if (message.seq <= highest) continue;
    highest = message.seq;
    kept.push(message);
  }
  return kept;
}

function bounded(faults: string[]): string[] {
  if (faults.length <= complaintsMax) return faults;
  return [...faults.slice(0, complaintsMax), `and ${faults.length - complaintsMax} more`];
}

/**
 * Clients that never give up: a writer that repeats under the same uuid until it is acked, a reader that comes
 * back with Sync. Together with the cluster's promises they lose nothing and double nothing.
 */
import { type FrameOf, type MessageBody, until } from "@rookery/kit";
import { openSocket, type Socket } from "./socket.ts";

/** Silence for so long is an outcome unknown. */
const repeatMs = 2_000;

/** One message may need this many repeats; more means that the cluster does not come back. */
const repeatsMax = 60;

const reconnectMs = 100;

/** Traffic, not a flood: what is tested is the kill. */
const betweenMs = 10;

export interface Writer {
  /** Every ack, with when it came. */
  readonly acks: readonly (FrameOf<"Ack"> & { readonly atMs: number })[];
  /** Ends after the message under way is acked. */
  stop(): Promise<void>;
}

/** Writes one message after the other into a chat, through whichever edge answers. */
export function startWriter(
  edges: readonly string[],
  options: { readonly token: string; readonly chatId: number; readonly prefix: string },
): Writer {
  const acks: (FrameOf<"Ack"> & { atMs: number })[] = [];
  const ending = new AbortController();
  const run = async (): Promise<void> => {
    let link: Socket | undefined;
    for (let index = 1; !ending.signal.aborted; index++) {
      const uuid = `${options.prefix}-${index}`;
      for (let attempt = 0; ; attempt++) {
        if (attempt > repeatsMax) throw new Error(`${uuid} was not acked in ${repeatsMax} repeats`);
        link = await connected(link, edges, attempt, options.token);
        const answer = await link
          .submit(options.chatId, uuid, `body of ${uuid}`, repeatMs)
          .catch(() => undefined);
        if (answer?.type === "Ack") {
          acks.push({ ...answer, atMs: performance.now() });
          await pause(betweenMs);
          break;
        }
        if (answer?.type === "Error") {
          if (!["overloaded", "unavailable", "internal"].includes(answer.code)) {
            throw new Error(`${uuid}: ${answer.code}: ${answer.message}`);
          }
          await pause(Math.min(answer.retryMs ?? reconnectMs, 1_000));
        }
      }
    }
    await link?.close();
  };
  const done = run();
  // The failure is told by `stop`; until then nobody waits for it.
  done.catch(() => {});
  return {
    acks,
    async stop() {
      ending.abort();
      await done;
    },
  };
}

export interface Reader {
  /** What a client that keeps the highest seq has, in order. */
  readonly kept: readonly MessageBody[];
  /** Live frames of one connection that came twice or out of order. */
  readonly faults: readonly string[];
  readonly connections: number;
  /** Waits until it has everything up to `seq`. */
  reach(seq: number, withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Follows one chat from its beginning, by `?resume=1` and Sync at every connection. */
export function startReader(
  edges: readonly string[],
  options: { readonly token: string; readonly chatId: number; readonly first: number },
): Reader {
  const kept: MessageBody[] = [];
  const faults: string[] = [];
  let highest = options.first;
  let connections = 0;
  const ending = new AbortController();
  let link: Socket | undefined;
  const keep = (message: MessageBody): void => {
    if (message.seq <= highest) return;
    highest = message.seq;
    kept.push(message);
  };
  const follow = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      link = await connected(undefined, edges, connections, options.token, true);
      connections++;
      link.send({ type: "Sync", chats: { [options.chatId]: { seq: highest, rev: 0 } } });
      let next = 0;
      let live = 0;
      const take = (): undefined => {
        const journal = (link as Socket).journal;
        while (next < journal.length) {
          const frame = journal[next++];
          if (frame?.type === "SyncResult" && frame.chatId === options.chatId) frame.messages.forEach(keep);
          if (frame?.type === "Message" && frame.chatId === options.chatId) {
            if (frame.seq <= live) faults.push(`seq ${frame.seq} came live after ${live}`);
            if (frame.seq > highest + 1)
              faults.push(`seq ${frame.seq} came live while ${highest} was the highest`);
            live = frame.seq;
            keep(frame);
          }
        }
        return undefined;
      };
      // Nothing satisfies it: it takes every frame until the socket closes.
      await link.when("the end", take, 2 ** 30).catch(() => undefined);
    }
  };
  const done = follow();
  done.catch(() => {});
  return {
    kept,
    faults,
    get connections() {
      return connections;
    },
    async reach(seq, withinMs) {
      await until(() => highest >= seq, { withinMs, what: `seq ${seq} at a reader` });
    },
    async stop() {
      ending.abort();
      await link?.vanish();
      await done;
    },
  };
}

/** The socket there is, or a new one; edges are tried in turn. */
async function connected(
  link: Socket | undefined,
  edges: readonly string[],
  turn: number,
  token: string,
  resume = false,
): Promise<Socket> {
  if (link?.isOpen === true) return link;
  for (let attempt = 0; attempt < repeatsMax; attempt++) {
    const base = edges[(turn + attempt) % edges.length] as string;
    try {
      return await openSocket({ base, token, resume });
    } catch {
      await pause(reconnectMs);
    }
  }
  throw new Error(`no edge took a socket in ${repeatsMax} attempts`);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

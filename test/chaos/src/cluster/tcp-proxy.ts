/**
 * A TCP proxy that can be told to misbehave: what a network does to a connection, without touching the kernel.
 *
 * pass ── stall ──▶ bytes wait in order, nothing is told ── pass ──▶ they arrive after all
 *      ── delay ──▶ every byte so much later, in order
 *      ── refuse ─▶ open connections are reset, new ones too, as with a machine that is gone
 */
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

export type ProxyMode =
  | { readonly kind: "pass" | "refuse" }
  | { readonly kind: "stall"; readonly way: "both" | "up" | "down" }
  | { readonly kind: "delay"; readonly delayMs: number };

export interface TcpProxy {
  readonly port: number;
  /** For connections made from now on; those there are stay where they are. */
  retarget(port: number): void;
  set(mode: ProxyMode): void;
  /** Every open connection ends with a reset on both sides. */
  reset(): void;
  /** The far side of every connection goes away and the near side is not told. Ended by `reset`. */
  halveAll(): void;
  close(): Promise<void>;
}

const host = "127.0.0.1";
/** Bytes waiting in one direction before its source is paused. */
const queueBytesMax = 256 * 1024;

interface Lane {
  readonly from: Socket;
  readonly to: Socket;
  readonly way: "up" | "down";
  queue: { readonly chunk: Buffer | null; readonly dueMs: number }[];
  bytes: number;
  timer: NodeJS.Timeout | undefined;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  readonly lanes: readonly [Lane, Lane];
  halved: boolean;
}

/** Listens on a free port and passes everything on to `targetPort` of this machine. */
export async function openTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let mode: ProxyMode = { kind: "pass" };
  let target = targetPort;

  const pump = (pair: Pair, lane: Lane): void => {
    clearTimeout(lane.timer);
    if (mode.kind === "stall" && (mode.way === "both" || mode.way === lane.way)) return;
    for (let item = lane.queue[0]; item !== undefined; item = lane.queue[0]) {
      const waitMs = item.dueMs - performance.now();
      if (waitMs > 0) {
        lane.timer = setTimeout(() => pump(pair, lane), waitMs);
        return;
      }
      lane.queue.shift();
      if (item.chunk === null) {
        lane.to.end();
        return;
      }
      lane.bytes -= item.chunk.length;
      if (pair.halved) continue;
      if (!lane.to.write(item.chunk)) {
        lane.to.once("drain", () => pump(pair, lane));
        break;
      }
    }
    if (lane.bytes < queueBytesMax) lane.from.resume();
  };

  const put = (pair: Pair, lane: Lane, chunk: Buffer | null): void => {
    const delayMs = mode.kind === "delay" ? mode.delayMs : 0;
    const dueMs = Math.max(performance.now() + delayMs, lane.queue.at(-1)?.dueMs ?? 0);
    const waited = lane.queue.length > 0;
    lane.queue.push({ chunk, dueMs });
    lane.bytes += chunk?.length ?? 0;
    if (lane.bytes >= queueBytesMax) lane.from.pause();
    if (!waited || delayMs === 0) pump(pair, lane);
  };

  const reset = (pair: Pair): void => {
    pairs.delete(pair);
    for (const lane of pair.lanes) {
      clearTimeout(lane.timer);
      lane.queue = [];
    }
    hangUp(pair.near);
    hangUp(pair.far);
  };

  const accept = (near: Socket): void => {
    if (mode.kind === "refuse") {
      near.on("error", () => undefined);
      hangUp(near);
      return;
    }
    const far = connect({ host, port: target, allowHalfOpen: true });
    const lane = (from: Socket, to: Socket, way: Lane["way"]): Lane => ({
      from,
      to,
      way,
      queue: [],
      bytes: 0,
      timer: undefined,
    });
    const lanes = [lane(near, far, "up"), lane(far, near, "down")] as const;
    const pair: Pair = { near, far, lanes, halved: false };
    pairs.add(pair);
    for (const each of lanes) {
      const { from } = each;
      from.setNoDelay(true);
      from.on("data", (chunk: Buffer) => put(pair, each, chunk));
      from.on("end", () => {
        if (!pair.halved || from === near) put(pair, each, null);
      });
      from.on("error", () => {
        if (!pair.halved || from === near) reset(pair);
      });
      from.on("close", () => {
        if (near.destroyed && (far.destroyed || pair.halved)) {
          far.destroy();
          pairs.delete(pair);
        }
      });
    }
  };

  const server = createServer({ allowHalfOpen: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    retarget(next) {
      target = next;
    },
    set(next) {
      mode = next;
      if (next.kind === "refuse") for (const pair of pairs) reset(pair);
      for (const pair of pairs) for (const lane of pair.lanes) pump(pair, lane);
    },
    reset() {
      for (const pair of pairs) reset(pair);
    },
    halveAll() {
      for (const pair of pairs) {
        pair.halved = true;
        pair.far.destroy();
      }
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const pair of pairs) reset(pair);
      await closed;
    },
  };
}

/** With a reset, at once. Node's own waits for what is not yet sent, and leaks a socket that has said its end. */
function hangUp(socket: Socket): void {
  if (socket.writableEnded || socket.writableLength > 0) socket.destroy();
  else socket.resetAndDestroy();
}

/** A receiver of webhooks in a process of its own: bare uWebSockets.js, which answers 200, or nothing to those that hang, and counts. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { App, us_socket_local_port } from "uWebSockets.js";
import { createTimeHistogram, type Percentiles } from "./histogram.ts";

/** Since it was cleared; without the paths that are `/apart…`. */
export interface SinkCount {
  /** Deliveries, each once. */
  readonly distinct: number;
  /** Requests of those that came before. */
  readonly repeated: number;
  /** From when it happened, as the body says, to its first coming. */
  readonly first: Percentiles;
  /** Requests of the paths apart. */
  readonly apart: number;
}

export interface HookSink {
  readonly url: string;
  readonly pid: number;
  clear(): Promise<void>;
  read(): Promise<SinkCount>;
  close(): Promise<void>;
}

type Question = "clear" | "read";

/** Where the time stands in every body: `{"type":"message.created","timestamp":"…`. */
const timeStart = '{"type":"message.created","timestamp":"'.length;
const timeLength = "2026-01-01T00:00:00.000Z".length;

/** What the child runs: serves until its parent goes. */
export async function runHookSink(): Promise<number> {
  let seen = new Set<string>();
  let [repeated, apart] = [0, 0];
  let times = createTimeHistogram();
  const app = App().post("/*", (response, request) => {
    const id = request.getHeader("webhook-id");
    const path = request.getUrl();
    let body = Buffer.alloc(0);
    response.onAborted(() => {});
    response.onData((chunk, isLast) => {
      if (body.length === 0) body = Buffer.from(chunk.slice(0, timeStart + timeLength));
      if (!isLast) return;
      if (path.startsWith("/apart")) apart += 1;
      else if (seen.has(id)) repeated += 1;
      else {
        seen.add(id);
        times.record(Date.now() - Date.parse(body.toString("latin1", timeStart)));
      }
      if (!path.startsWith("/apart-hangs")) response.cork(() => response.end("ok"));
    });
  });
  app.listen("127.0.0.1", 0, (listener) => {
    if (listener === false) process.exit(1);
    process.send?.({ url: `http://127.0.0.1:${us_socket_local_port(listener)}` });
  });
  process.on("message", (question: Question) => {
    if (question === "clear") {
      seen = new Set();
      times = createTimeHistogram();
      [repeated, apart] = [0, 0];
    }
    process.send?.({ distinct: seen.size, repeated, first: times.percentiles(), apart } satisfies SinkCount);
  });
  await once(process, "disconnect");
  process.exit(0);
}

export async function startHookSink(): Promise<HookSink> {
  const child = fork(new URL("main.ts", import.meta.url), ["sink"]);
  const exited = once(child, "exit");
  const answer = async <T>(): Promise<T> => {
    const [told] = (await Promise.race([once(child, "message"), exited.then(() => [])])) as [T?];
    if (told === undefined) throw new Error("the receiver has ended");
    return told;
  };
  const ask = (question: Question): Promise<SinkCount> => {
    const told = answer<SinkCount>();
    child.send(question);
    return told;
  };
  const { url } = await answer<{ url: string }>();
  return {
    url,
    pid: child.pid ?? 0,
    clear: async () => void (await ask("clear")),
    read: () => ask("read"),
    async close() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

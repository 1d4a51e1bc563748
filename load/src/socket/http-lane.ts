/**
 * One kept connection of a caller: posts go out one after the other, each when the one before it is answered, as Telegram
 * posts the updates of a chat. Bare TCP, because a client of full comfort costs more than the server that is measured.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { AnswerReader } from "./answer.ts";

export interface HttpLane {
  /** Written when those before it are answered. `settle` has the status; 0 when the connection ended before the answer. */
  post(body: string, settle: (status: number) => void): void;
  /** Resolves when there is a connection that the next post can use. */
  ready(): Promise<void>;
  close(): void;
}

/**
 * uWebSockets.js closes what is idle for 10 s, and what is written at that moment is never answered: 15 posts of a run once were so,
 * after a round of the other target had taken as long. So a connection that was idle for less is not used again.
 */
const idleMsMax = 4_000;

/** Connects at the first post, and again where nothing was posted for a while, or the server has closed. */
export function openHttpLane(
  url: URL,
  headers: Readonly<Record<string, string>>,
  now: () => number = () => performance.now(),
): HttpLane {
  const head = [
    `POST ${url.pathname} HTTP/1.1`,
    `Host: ${url.host}`,
    "Content-Type: application/json",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "Content-Length: ",
  ].join("\r\n");
  const queue: { readonly body: string; readonly settle: (status: number) => void }[] = [];
  let socket: Socket | undefined;
  let usedMs = now();

  const current = (): Socket => {
    const atMs = now();
    if (socket !== undefined && atMs - usedMs > idleMsMax) {
      const idle = socket;
      socket = undefined;
      idle.destroy();
    }
    usedMs = atMs;
    return (socket ??= open());
  };
  const write = (): void => {
    const [first] = queue;
    if (first === undefined) return;
    current().write(`${head}${Buffer.byteLength(first.body)}\r\n\r\n${first.body}`);
  };
  const open = (): Socket => {
    const reader = new AnswerReader();
    const opened = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    opened.on("data", (bytes) => {
      try {
        reader.push(bytes, (status) => {
          usedMs = now();
          const answered = queue.shift();
          // First what waits already: who is told may post at once.
          write();
          answered?.settle(status);
        });
      } catch (error) {
        opened.destroy(error as Error);
      }
    });
    opened.on("error", () => {});
    opened.on("close", () => {
      // One that was idle and left has nothing under way.
      if (socket !== opened) return;
      socket = undefined;
      for (const { settle } of queue.splice(0)) settle(0);
    });
    return opened;
  };
  return {
    post(body, settle) {
      queue.push({ body, settle });
      if (queue.length === 1) write();
    },
    async ready() {
      const opened = current();
      if (opened.connecting) await once(opened, "connect");
    },
    close: () => socket?.destroy(),
  };
}

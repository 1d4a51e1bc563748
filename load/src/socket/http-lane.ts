/**
 * One kept connection of a caller: posts go out one after the other, each when the one before it is answered, as Telegram
 * posts the updates of a chat. Bare TCP, because a client of full comfort costs more than the server that is measured.
 */
import { connect } from "node:net";
import { AnswerReader } from "./answer.ts";

export interface HttpLane {
  /** Written when those before it are answered. `settle` has the status; 0 when the connection ended. */
  post(body: string, settle: (status: number) => void): void;
  /** Posts not answered. */
  readonly waiting: number;
  close(): void;
}

/** Resolves when it is connected. */
export function openHttpLane(url: URL, headers: Readonly<Record<string, string>>): Promise<HttpLane> {
  const head = [
    `POST ${url.pathname} HTTP/1.1`,
    `Host: ${url.host}`,
    "Content-Type: application/json",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "Content-Length: ",
  ].join("\r\n");
  const queue: { readonly body: string; readonly settle: (status: number) => void }[] = [];
  const reader = new AnswerReader();
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });

  const write = (): void => {
    const [first] = queue;
    if (first !== undefined) socket.write(`${head}${Buffer.byteLength(first.body)}\r\n\r\n${first.body}`);
  };
  socket.on("data", (bytes) => {
    try {
      reader.push(bytes, (status) => {
        const answered = queue.shift();
        // First what waits already: who is told may post at once.
        write();
        answered?.settle(status);
      });
    } catch (error) {
      socket.destroy(error as Error);
    }
  });
  socket.on("close", () => {
    for (const { settle } of queue.splice(0)) settle(0);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.on("error", () => {});
    socket.once("connect", () =>
      resolve({
        post(body, settle) {
          if (socket.destroyed) return void setImmediate(settle, 0);
          queue.push({ body, settle });
          if (queue.length === 1) write();
        },
        get waiting() {
          return queue.length;
        },
        close: () => socket.destroy(),
      }),
    );
  });
}

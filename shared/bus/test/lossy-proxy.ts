import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server and loses the one message that holds a given text. */
export interface LossyProxy {
  readonly url: string;
  /** How many messages have been lost. */
  readonly lost: number;
  lose(text: string): void;
  close(): void;
}

export async function startLossyProxy(serverUrl: string): Promise<LossyProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let losing: string | undefined;
  let lost = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("close", () => to.destroy());
      from.on("error", () => to.destroy());
    }
    client.on("data", (chunk: Buffer) => upstream.write(chunk));
    upstream.on("data", (chunk: Buffer) => {
      const rest = losing === undefined ? chunk : cut(chunk, losing);
      if (rest.length < chunk.length) {
        losing = undefined;
        lost++;
      }
      client.write(rest);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `nats://127.0.0.1:${address.port}`,
    get lost() {
      return lost;
    },
    lose: (text) => {
      losing = text;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The chunk without the `HMSG` whose body is `text`; tests send one message at a time, so it lies in one chunk. */
function cut(chunk: Buffer, text: string): Buffer {
  const body = chunk.indexOf(`\r\n\r\n${text}\r\n`);
  if (body < 0) return chunk;
  const start = chunk.lastIndexOf("HMSG ", body);
  const lineEnd = chunk.indexOf("\r\n", start);
  const size = Number(chunk.subarray(start, lineEnd).toString().split(" ").at(-1));
  return Buffer.concat([chunk.subarray(0, start), chunk.subarray(lineEnd + 2 + size + 2)]);
}

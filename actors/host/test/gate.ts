import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

/** A way to a server that can be cut, or lose the answers. */
export interface Gate {
  /** The server's address by way of the gate. */
  readonly url: string;
  /** Connections turned away since the cut. */
  readonly refused: number;
  /** Ends all connections and lets none through. */
  cut(): void;
  /** What the server says is no longer passed on; what it is told still is. */
  muffle(): void;
  /** Lets through what comes from now on. */
  open(): void;
  close(): Promise<void>;
}

export async function openGate(serverUrl: string): Promise<Gate> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let state: "open" | "muffled" | "cut" = "open";
  let refused = 0;
  const server = createServer((client) => {
    if (state === "cut") {
      refused += 1;
      client.destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => {
      if (state === "open") client.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${address.port}`;
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    get refused() {
      return refused;
    },
    cut() {
      state = "cut";
      refused = 0;
      endAll();
    },
    muffle() {
      state = "muffled";
    },
    open() {
      // What was muffled has lost bytes in the middle: such a connection is of no use.
      if (state === "muffled") endAll();
      state = "open";
    },
    async close() {
      endAll();
      server.close();
      await once(server, "close");
    },
  };
}

/** One door before edges that come and go: every new connection to the one that has the fewest. Open ones stay. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Balancer {
  readonly url: string;
  /** New connections go to these from now on. */
  lead(ports: readonly number[]): void;
  close(): Promise<void>;
}

const host = "127.0.0.1";

export async function openBalancer(): Promise<Balancer> {
  const counts = new Map<number, number>();
  const sockets = new Set<Socket>();
  let ports: readonly number[] = [];
  const server = createServer((near) => {
    const [port] = ports.toSorted((one, other) => (counts.get(one) ?? 0) - (counts.get(other) ?? 0));
    if (port === undefined) {
      near.destroy();
      return;
    }
    counts.set(port, (counts.get(port) ?? 0) + 1);
    const far = connect(port, host);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroySoon();
      });
      socket.setNoDelay(true);
      socket.pipe(other);
    }
    far.on("close", () => counts.set(port, (counts.get(port) ?? 1) - 1));
  });
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    lead(to) {
      ports = [...to];
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

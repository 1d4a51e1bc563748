/** Where a bot's webhook is called: a plain server of Node's on loopback. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface HookServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function openHookServer(
  handle: (req: IncomingMessage, res: ServerResponse) => unknown,
): Promise<HookServer> {
  const server = createServer((req, res) => void handle(req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

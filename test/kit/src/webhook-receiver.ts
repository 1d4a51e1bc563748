/** A receiver of webhooks that behaves as told, and notes what it saw. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenWebhook {
  readonly path: string;
  readonly id: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly atMs: number;
}

export interface WebhookReceiver {
  readonly url: string;
  /** All requests, in the order of their ends. */
  readonly seen: readonly SeenWebhook[];
  /** Requests that hang. */
  readonly hanging: number;
  behave(next: (seen: SeenWebhook) => WebhookBehaviour): void;
  close(): Promise<void>;
}

export type WebhookBehaviour =
  | number
  | "hang"
  | "reset"
  | { readonly status: number; readonly headers: Record<string, string> };

/** On a free port of loopback. `keeps`: whether what came is kept in `seen`. */
export async function openWebhookReceiver(
  behave: (seen: SeenWebhook) => WebhookBehaviour = () => 200,
  { keeps = true } = {},
): Promise<WebhookReceiver> {
  const seen: SeenWebhook[] = [];
  const hanging = new Set<ServerResponse>();
  let current = behave;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { url: path = "", headers } = request;
      const id = String(headers["webhook-id"]);
      const one: SeenWebhook = {
        path,
        id,
        headers,
        body: Buffer.concat(chunks).toString(),
        atMs: Date.now(),
      };
      if (keeps) seen.push(one);
      const behaviour = current(one);
      if (behaviour === "hang") {
        hanging.add(response);
        response.on("close", () => hanging.delete(response));
      } else if (behaviour === "reset") request.socket.resetAndDestroy();
      else if (typeof behaviour === "number") response.writeHead(behaviour).end(`said ${behaviour}`);
      else response.writeHead(behaviour.status, behaviour.headers).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    behave(next) {
      current = next;
    },
    get hanging() {
      return hanging.size;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** What the cluster takes for Telegram: a loopback server that answers every Bot API method and keeps a record. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface TelegramCall {
  readonly token: string;
  readonly method: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface TelegramStub {
  readonly url: string;
  readonly calls: readonly TelegramCall[];
  close(): Promise<void>;
}

/** Every method succeeds with `true`; `getMe` names a bot. */
export async function startTelegramStub(): Promise<TelegramStub> {
  const calls: TelegramCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://stub");
      const [, token = "", method = ""] = /^\/bot([^/]+)\/([A-Za-z]+)$/.exec(url.pathname) ?? [];
      calls.push({ token, method, fields: readFields(url, request.headers["content-type"], chunks) });
      const id = Number(token.split(":")[0]);
      const result =
        method.toLowerCase() === "getme" ? { id, is_bot: true, first_name: "Bot", username: "bot" } : true;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ok: true, result, description: "Webhook was set" }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function readFields(url: URL, contentType: string | undefined, chunks: Buffer[]): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.fromEntries(url.searchParams);
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return fields;
  if (contentType?.includes("json") === true) return { ...fields, ...(JSON.parse(text) as object) };
  return { ...fields, ...Object.fromEntries(new URLSearchParams(text)) };
}

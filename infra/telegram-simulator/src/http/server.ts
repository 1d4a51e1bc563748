import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Control } from "../control/control.ts";
import { Refusal } from "../refusal.ts";
import { decodeBody, parseArguments } from "./arguments.ts";
import { type ApiAnswer, type BotApi, encodeFailure } from "./bot-api.ts";

/** The doors: `/bot…` and `/file/bot…` as Telegram has them, `/control` for who writes the script. */
export function openServer({ api, control }: { readonly api: BotApi; readonly control: Control }): Server {
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (!response.headersSent) write(response, encodeFailure(error));
    });
  });
  // A long poll of 50 s must not be cut by us.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://simulator");
    const path = decodePath(url.pathname);
    if (path === "/control" || path.startsWith("/control/")) {
      await serveControl(request, response, url);
      return;
    }
    const file = /^\/file\/bot([^/]+)\/(.+)$/.exec(path);
    if (file !== null) {
      const { bytes, mime } = api.download(file[1] ?? "", file[2] ?? "");
      response.writeHead(200, { "content-type": mime, "content-length": bytes.length });
      response.end(bytes);
      return;
    }
    const call = /^\/bot([^/]+)(?:\/([^/]*))?$/.exec(path);
    if (call === null) throw new Refusal(404, "Not Found");
    if (request.method !== "GET" && request.method !== "POST") throw new Refusal(405, "Method Not Allowed");
    const body = await decodeBody(request, request.headers["content-encoding"]);
    const args = parseArguments(url.searchParams, request.headers["content-type"] ?? "", body);
    const hungUp = new AbortController();
    response.on("close", () => hungUp.abort());
    const reply = await api.call(call[1] ?? "", call[2] ?? "", args, hungUp.signal);
    if (response.destroyed) reply.onUnheard();
    response.on("close", () => {
      if (!response.writableFinished) reply.onUnheard();
    });
    write(response, reply.answer);
  }

  async function serveControl(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const body = await decodeBody(request, undefined);
    const { status, value } = control.serve(request.method ?? "GET", url, body.toString("utf8"));
    response.writeHead(status, { "content-type": "application/json" });
    response.end(`${JSON.stringify(value, null, 1)}\n`);
  }

  return server;
}

function write(response: ServerResponse, answer: ApiAnswer): void {
  switch (answer.kind) {
    case "cut":
      response.destroy();
      return;
    case "page":
      response.writeHead(answer.status, { "content-type": "text/html" });
      response.end(`<html><head><title>${answer.status}</title></head><body>nginx</body></html>`);
      return;
    case "envelope": {
      const retry = answer.retryAfter === undefined ? {} : { "retry-after": String(answer.retryAfter) };
      response.writeHead(answer.status, { "content-type": "application/json", ...retry });
      response.end(JSON.stringify(answer.body));
      return;
    }
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

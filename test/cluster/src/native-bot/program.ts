/** The program of a bot that is posted to: a plain HTTP server. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { Update } from "./bot-api.ts";

export interface Posted {
  readonly update: Update;
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  readonly path: string;
}

export interface Said {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Program {
  readonly url: string;
  readonly posted: readonly Posted[];
  /** Connections so far, and posts under way at once at most. */
  readonly connections: number;
  readonly atOnceMax: number;
  close(): void;
}

export async function openProgram(answer: (posted: Posted) => Said | Promise<Said>): Promise<Program> {
  const posted: Posted[] = [];
  let connections = 0;
  let atOnce = 0;
  let atOnceMax = 0;
  const server = createServer((request, response) => {
    const serve = async (): Promise<void> => {
      atOnceMax = Math.max(atOnceMax, ++atOnce);
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const update = JSON.parse(Buffer.concat(chunks).toString()) as Update;
      const one = { update, headers: request.headers, method: request.method ?? "", path: request.url ?? "" };
      posted.push(one);
      const { status = 200, headers = {}, body = "" } = await answer(one);
      atOnce -= 1;
      response.writeHead(status, headers).end(body);
    };
    serve().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    posted,
    get connections() {
      return connections;
    },
    get atOnceMax() {
      return atOnceMax;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The small door of processes that serve nobody else: health and metrics, by HTTP. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { ConfigError } from "./env.ts";
import { type MetricsDoor, mayReadMetrics } from "./metrics-door.ts";
import { checkReadiness, type Probe } from "./readiness.ts";
import type { Registry } from "./metric.ts";

export interface StatusServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly door: MetricsDoor;
  readonly metrics: Registry;
  readonly probes: Readonly<Record<string, Probe>>;
  readonly draining: () => boolean;
}

export interface StatusServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Whoever asks has that long to say what; who looks at health is quick. */
const requestMsMax = 5_000;
const connectionsMax = 64;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Serves `/health/live`, `/health/ready` and `/metrics`. @throws ConfigError when the port cannot be had. */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const server = createServer(
    { requestTimeout: requestMsMax, headersTimeout: requestMsMax, maxHeaderSize: 8_192 },
    (request, response) => {
      answer(options, request).then(
        (told) => write(response, told),
        () => write(response, json(500, { status: "internal" })),
      );
    },
  );
  server.maxConnections = connectionsMax;
  server.listen(options.port, options.host);
  await once(server, "listening").catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`METRICS_PORT=${options.port} of ${options.host} cannot be had: ${reason}`, {
      cause,
    });
  });
  const address = server.address();
  const port = address === null || typeof address === "string" ? options.port : address.port;
  return {
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function answer(options: StatusServerOptions, request: IncomingMessage): Promise<Answer> {
  if (request.method !== "GET" && request.method !== "HEAD")
    return json(405, { status: "method_not_allowed" });
  switch ((request.url ?? "").split("?", 1)[0] ?? "") {
    case "/health/live":
      return json(200, { status: "ok" });
    case "/health/ready": {
      const missing = await checkReadiness(options);
      const ready = missing.length === 0;
      return json(ready ? 200 : 503, { status: ready ? "ready" : "not_ready", missing });
    }
    case "/metrics": {
      if (!mayReadMetrics(options.door, request.headers.authorization)) {
        return json(401, { status: "unauthorized", detail: "METRICS_TOKEN is needed as a bearer token" });
      }
      const { metrics } = options;
      return { status: 200, type: metrics.contentType, body: await metrics.metrics() };
    }
    default:
      return json(404, { status: "not_found" });
  }
}

function json(status: number, body: object): Answer {
  return { status, type: "application/json", body: JSON.stringify(body) };
}

function write(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { "content-type": type, ...(status === 503 ? { "retry-after": "1" } : {}) });
  response.end(body);
}

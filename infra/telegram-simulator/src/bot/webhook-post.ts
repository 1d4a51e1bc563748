import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface PostAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly retryAfterSeconds: number;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface WebhookPost {
  /** @throws Error with a message as getWebhookInfo shows it */
  post(body: Buffer, signal: AbortSignal): Promise<PostAnswer>;
  close(): void;
}

const answerBytesMax = 1_048_576;

/** The connections to one bot's server; kept alive, at most `maxConnections`. */
export function openWebhookPost(options: {
  readonly url: string;
  readonly secretToken: string;
  readonly maxConnections: number;
  readonly answerMsMax: number;
}): WebhookPost {
  const url = new URL(options.url);
  const isSecure = url.protocol === "https:";
  const settings = { keepAlive: true, maxSockets: options.maxConnections };
  const agent = isSecure ? new HttpsAgent(settings) : new HttpAgent(settings);
  const request = isSecure ? httpsRequest : httpRequest;
  const secret = options.secretToken === "" ? {} : { "X-Telegram-Bot-Api-Secret-Token": options.secretToken };

  return {
    post: (body, signal) =>
      new Promise((resolve, reject) => {
        const headers = { "Content-Type": "application/json", "Content-Length": body.length, ...secret };
        const outgoing = request(url, { method: "POST", headers, agent, signal }, (response) => {
          readAnswer(response).then(resolve, (error: unknown) =>
            reject(new Error(reasonOf(error), { cause: error })),
          );
        });
        outgoing.setTimeout(options.answerMsMax, () => outgoing.destroy(new Error("Read timeout expired")));
        outgoing.on("error", (error) => reject(new Error(reasonOf(error), { cause: error })));
        outgoing.end(body);
      }),
    close: () => agent.destroy(),
  };
}

async function readAnswer(response: IncomingMessage): Promise<PostAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    const buffer = chunk as Buffer;
    bytes += buffer.length;
    if (bytes > answerBytesMax) throw new Error("Response is too big");
    chunks.push(buffer);
  }
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? "",
    retryAfterSeconds: Number(response.headers["retry-after"] ?? 0) || 0,
    contentType: response.headers["content-type"] ?? "",
    body: Buffer.concat(chunks),
  };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ECONNREFUSED") return "Connection refused";
  if (code === "ECONNRESET") return "Connection reset by peer";
  if (code === "ENOTFOUND") return "Failed to resolve host: Name or service not known";
  return error instanceof Error ? error.message : String(error);
}

import type { AddressRules } from "@rookery/webhook";
import { Agent, request } from "undici";
import { openGuardedConnect, refusedCode } from "./guarded-connect.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly bytes: Buffer;
  /** As they were sent; `type` is empty where there is none. */
  readonly type: string;
  readonly retryAfter: string | null;
}

/** Posts to addresses that others have chosen. */
export interface HttpPost {
  /** Redirections are not followed. @throws OutboundError */
  post(
    url: string,
    call: {
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly timeoutMs: number;
      readonly signal: AbortSignal;
    },
  ): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** Nothing came back; the words name no address of ours. */
export class OutboundError extends Error {
  override name = "OutboundError";
}

const connectMs = 5_000;
/** Of one origin; bots of our own may ask for so many. */
const connectionsMax = 100;
const answerBytesMax = 1_048_576;

export function openHttpPost(rules: Pick<AddressRules, "allows">): HttpPost {
  const agent = new Agent({
    connections: connectionsMax,
    connect: openGuardedConnect(rules, { timeoutMs: connectMs }),
    pipelining: 1,
  });
  return {
    async post(url, { headers, body, timeoutMs, signal }) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const answer = await request(url, {
          method: "POST",
          dispatcher: agent,
          headers,
          body,
          signal: within,
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
        });
        const chunks: Buffer[] = [];
        let bytes = 0;
        for await (const chunk of answer.body as AsyncIterable<Buffer>) {
          bytes += chunk.byteLength;
          if (bytes > answerBytesMax) throw new OutboundError("the answer is too long");
          chunks.push(chunk);
        }
        const whole = Buffer.concat(chunks);
        return {
          status: answer.statusCode,
          body: whole.toString("utf8"),
          bytes: whole,
          type: String(answer.headers["content-type"] ?? ""),
          retryAfter: answer.headers["retry-after"]?.toString() ?? null,
        };
      } catch (error) {
        if (error instanceof OutboundError) throw error;
        throw new OutboundError(within.aborted ? "no answer in time" : reasonOf(error));
      }
    },
    close: () => agent.destroy(),
  };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === refusedCode ? "the address is not a public one" : `cannot be reached (${code})`;
}

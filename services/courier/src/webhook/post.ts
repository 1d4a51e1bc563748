/** One attempt: the POST, and what came back of it. */
import type { AddressRules } from "@rookery/webhook";
import { Agent, type Dispatcher, ProxyAgent, request } from "undici";
import { openGuardedConnect, refusedCode } from "../outbound/guarded-connect.ts";

const connectMs = 5_000;
/** To one origin; how many an endpoint has is its own affair. */
const connectionsMax = 1_024;
/** An idle connection is kept so long, or as long as its server says. */
const idleMs = 10_000;
/** Of an answer; what is beyond it is not read. */
const responseBytesMax = 20_000;

export interface Posted {
  /** Null: nothing came back. */
  readonly status: number | null;
  readonly retryAfter?: string | undefined;
  /** Why nothing came back, in words that name no address of ours. */
  readonly error: string | null;
  readonly response: string | null;
}

export interface WebhookPost {
  /** Never rejects. What `signal` ends has no outcome: null. Redirections are answers like others, and not followed. */
  post(
    url: string,
    call: {
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly timeoutMs: number;
      readonly signal: AbortSignal;
    },
  ): Promise<Posted | null>;
  close(): Promise<void>;
}

/** `proxyUrl`: through which everything goes; which addresses are allowed is the proxy's affair then. */
export function openWebhookPost(parts: {
  readonly rules: Pick<AddressRules, "allows">;
  readonly proxyUrl: string | null;
}): WebhookPost {
  const options = { connections: connectionsMax, keepAliveTimeout: idleMs, pipelining: 1 } as const;
  const dispatcher: Dispatcher =
    parts.proxyUrl === null
      ? new Agent({ ...options, connect: openGuardedConnect(parts.rules, { timeoutMs: connectMs }) })
      : new ProxyAgent({ ...options, uri: parts.proxyUrl });
  return {
    async post(url, { headers, body, timeoutMs, signal }) {
      const within = new AbortController();
      const abort = (): void => within.abort();
      const late = setTimeout(abort, timeoutMs);
      signal.addEventListener("abort", abort, { once: true });
      try {
        const answer = await request(url, {
          method: "POST",
          dispatcher,
          headers,
          body,
          signal: within.signal,
          headersTimeout: timeoutMs + connectMs,
          bodyTimeout: timeoutMs + connectMs,
        });
        const retryAfter = answer.headers["retry-after"];
        return {
          status: answer.statusCode,
          ...(typeof retryAfter === "string" ? { retryAfter } : {}),
          error: null,
          response: await readBeginning(answer.body),
        };
      } catch (error) {
        if (signal.aborted) return null;
        const reason = within.signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
        return { status: null, error: reason, response: null };
      } finally {
        clearTimeout(late);
        signal.removeEventListener("abort", abort);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

/** What comes of an answer's body, as far as we keep it: its status has been said, so its end may be missing. */
async function readBeginning(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      // Leaving the loop ends the connection.
      if (bytes > responseBytesMax) break;
    }
  } catch {
    // Cut off, or too slow.
  }
  const text = Buffer.concat(chunks).subarray(0, responseBytesMax).toString("utf8");
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === refusedCode ? "the address is not allowed" : `cannot be reached (${code})`;
}

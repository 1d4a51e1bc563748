import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { AddressRules } from "@rookery/webhook";
import { Agent, request } from "undici";
import { type Lookup, openGuardedConnect, refusedCode } from "./guarded-connect.ts";

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
      /** Where the name in the URL is, whatever others say. */
      readonly address?: string;
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
/** Addresses with connections of their own (L7). */
const fixedMax = 100;
const answerBytesMax = 1_048_576;

export function openHttpPost(rules: Pick<AddressRules, "allows">): HttpPost {
  const open = (lookup?: Lookup): Agent =>
    new Agent({
      connections: connectionsMax,
      connect: openGuardedConnect(rules, {
        timeoutMs: connectMs,
        ...(lookup === undefined ? {} : { lookup }),
      }),
      pipelining: 1,
    });
  const agent = open();
  /** By the address that was named instead of looked up, the longest unused first. */
  const fixed = new Map<string, Agent>();
  const agentFor = (address: string | undefined): Agent => {
    if (address === undefined) return agent;
    const known = fixed.get(address) ?? open((_host, _options, tell) => tell(null, [lookedUp(address)]));
    fixed.delete(address);
    fixed.set(address, known);
    const [oldest] = fixed;
    if (fixed.size > fixedMax && oldest !== undefined) {
      fixed.delete(oldest[0]);
      // What is under way there ends as it would.
      oldest[1].close().catch(() => {});
    }
    return known;
  };
  return {
    async post(url, { headers, body, timeoutMs, signal, address }) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const answer = await request(url, {
          method: "POST",
          dispatcher: agentFor(address),
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
    async close() {
      await Promise.all([agent, ...fixed.values()].map((each) => each.destroy()));
    },
  };
}

function lookedUp(address: string): LookupAddress {
  return { address, family: isIP(address) };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === refusedCode ? "the address is not a public one" : `cannot be reached (${code})`;
}

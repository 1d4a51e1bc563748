import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { isIP } from "node:net";
import { Agent, request } from "undici";
import { isPublicAddress } from "./address-guard.ts";

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
  ): Promise<{ readonly status: number; readonly body: string }>;
  close(): Promise<void>;
}

/** Nothing came back; the words name no address of ours. */
export class OutboundError extends Error {
  override name = "OutboundError";
}

const connectMs = 5_000;
/** Of one origin. */
const connectionsMax = 64;
const answerBytesMax = 1_048_576;

/**
 * The address that was checked is the one that is connected to: names are resolved once, here (no second lookup to be told
 * something else).
 */
export function openHttpPost({ allowPrivate }: { readonly allowPrivate: boolean }): HttpPost {
  const agent = new Agent({
    connections: connectionsMax,
    connect: { timeout: connectMs, ...(allowPrivate ? {} : { lookup: lookupPublic }) },
    pipelining: 1,
  });
  return {
    async post(url, { headers, body, timeoutMs, signal }) {
      const { hostname } = new URL(url);
      const host = hostname.replace(/^\[(.*)\]$/, "$1");
      // An address is connected to without a lookup. A URL has spelled it out: `0x7f.1` is 127.0.0.1 by now.
      if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
        throw new OutboundError("the address is not a public one");
      }
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
        return { status: answer.statusCode, body: Buffer.concat(chunks).toString("utf8") };
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
  return code === "EPRIVATE" ? "the address is not a public one" : `cannot be reached (${code})`;
}

type Resolved = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

function lookupPublic(hostname: string, options: LookupOptions, callback: Resolved): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, []);
      return;
    }
    const allowed = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (first === undefined)
      callback(Object.assign(new Error("not a public address"), { code: "EPRIVATE" }), []);
    else if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
}

/** Files by URL: what a bot names is fetched by us, so it is held to the rules of addresses others have us call. */
import { type LookupAddress, lookup, type LookupOptions } from "node:dns";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import type { AddressRules } from "@rookery/webhook";
import { Agent, buildConnector, request } from "undici";
import { badRequest } from "./api-refusal.ts";

export interface FetchFile {
  /** The bytes behind a URL; redirections are not followed. @throws ApiRefusal in Telegram's words */
  fetch(url: string): Promise<{ readonly source: Readable; readonly name: string | undefined }>;
  close(): Promise<void>;
}

const connectMs = 5_000;
const waitMs = 20_000;
/** Of one origin. */
const connectionsMax = 8;
/** Telegram fetches as much. */
export const fetchedBytesMax = 20 * 1_048_576;

type Resolved = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

export function openFetchFile(rules: AddressRules): FetchFile {
  // The address that was checked is the one that is connected to: a name is looked up once, here.
  const connect = buildConnector({
    timeout: connectMs,
    lookup: (hostname: string, options: LookupOptions, done: Resolved): void => {
      lookup(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return done(error, []);
        const allowed = addresses.filter(({ address }) => rules.allows(address));
        const [first] = allowed;
        if (first === undefined) return done(new Error("not a public address"), []);
        if (options.all === true) return done(null, allowed);
        done(null, first.address, first.family);
      });
    },
  });
  const agent = new Agent({
    connections: connectionsMax,
    pipelining: 1,
    connect: (options, done) => {
      const host = options.hostname.replace(/^\[(.*)\]$/, "$1");
      if (isIP(host) !== 0 && !rules.allows(host)) return done(new Error("not a public address"), null);
      connect(options, done);
    },
  });
  return {
    async fetch(url) {
      const [bare = ""] = url.split("#");
      if (rules.refusalOf(bare) !== null) throw badRequest("wrong HTTP URL specified");
      const failed = badRequest("failed to get HTTP URL content");
      let answer: Awaited<ReturnType<typeof request>>;
      try {
        const signal = AbortSignal.timeout(waitMs);
        answer = await request(bare, {
          dispatcher: agent,
          signal,
          headersTimeout: waitMs,
          bodyTimeout: waitMs,
        });
      } catch {
        throw failed;
      }
      const length = Number(answer.headers["content-length"] ?? 0);
      if (answer.statusCode !== 200 || length > fetchedBytesMax) {
        answer.body.destroy();
        throw failed;
      }
      const name = new URL(bare).pathname.split("/").at(-1);
      return { source: answer.body, name: name === "" ? undefined : name };
    },
    close: () => agent.destroy(),
  };
}

/**
 * Connects where others want us to call, and nowhere that the rules do not allow.
 *
 * A name is resolved once, here, and the socket connects to the very address that was checked: there is no second lookup to be
 * told something else. An address in the URL is not looked up by anybody, so it is checked where the socket would be made.
 */
import { type LookupAddress, lookup as systemLookup, type LookupOptions } from "node:dns";
import { isIP } from "node:net";
import type { AddressRules } from "@rookery/webhook";
import { buildConnector } from "undici";

/** As of `node:dns`. */
export type Lookup = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

type Resolved = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** The `code` of the error that a refused address leads to. */
export const refusedCode = "EPRIVATE";

/** For `connect` of undici's agents and pools. */
export function openGuardedConnect(
  rules: Pick<AddressRules, "allows">,
  { timeoutMs, lookup = systemLookup }: { readonly timeoutMs: number; readonly lookup?: Lookup },
): buildConnector.connector {
  const connect = buildConnector({
    timeout: timeoutMs,
    lookup: (hostname: string, options: LookupOptions, callback: Resolved): void => {
      lookup(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, []);
        const allowed = addresses.filter(({ address }) => rules.allows(address));
        const [first] = allowed;
        if (first === undefined) return callback(refusal(), []);
        if (options.all === true) return callback(null, allowed);
        callback(null, first.address, first.family);
      });
    },
  });
  return (options, callback) => {
    const host = options.hostname.replace(/^\[(.*)\]$/, "$1");
    if (isIP(host) !== 0 && !rules.allows(host)) return callback(refusal(), null);
    connect(options, callback);
  };
}

function refusal(): Error {
  return Object.assign(new Error("the address is not a public one"), { code: refusedCode });
}

/** Which addresses others may have us call. What is private, or means this machine, is nobody's business to ask through us. */
import { BlockList, isIP } from "node:net";

const networks = [
  ["0.0.0.0", 8, "this network"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "carriers'"],
  ["127.0.0.0", 8, "loopback"],
  ["168.63.129.16", 32, "metadata of a cloud"],
  ["169.254.0.0", 16, "link-local, metadata of clouds"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "protocols'"],
  ["192.0.2.0", 24, "documentation"],
  ["192.88.99.0", 24, "6to4 relays"],
  ["192.168.0.0", 16, "private"],
  ["198.18.0.0", 15, "benchmarks"],
  ["198.51.100.0", 24, "documentation"],
  ["203.0.113.0", 24, "documentation"],
  ["224.0.0.0", 4, "multicast"],
  ["240.0.0.0", 4, "class E and broadcast"],
] as const;

/** Of IPv6 only what is routed globally (2000::/3) is let through, without what carries an IPv4 address or is documentation. */
const networks6 = [
  ["2001::", 23, "protocols': Teredo, ORCHID"],
  ["2001:db8::", 32, "documentation"],
  ["2002::", 16, "6to4"],
  ["3fff::", 20, "documentation"],
] as const;

const refused = new BlockList();
for (const [network, bits] of networks) refused.addSubnet(network, bits, "ipv4");
for (const [network, bits] of networks6) refused.addSubnet(network, bits, "ipv6");
const global6 = new BlockList();
global6.addSubnet("2000::", 3, "ipv6");

/** `address` as the resolver or a URL gives it. */
function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !refused.check(address, "ipv4");
  if (family === 6)
    return !address.includes("%") && global6.check(address, "ipv6") && !refused.check(address, "ipv6");
  return false;
}

/** What the operator lets through. */
export interface AddressSettings {
  /** Everything: for a cluster that is tried out, or whose users are all trusted. */
  readonly allowPrivate: boolean;
  /** Networks such as `10.1.0.0/16` that are let through though they are not public. */
  readonly networks?: readonly string[];
  /** None: all ports. */
  readonly ports?: readonly number[];
}

export interface AddressRules {
  /** Whether a socket may connect there. */
  allows(address: string): boolean;
  /** Why nobody may be called there as far as the text can tell, in words for who wrote it; null: nothing against it. */
  refusalOf(url: string): string | null;
}

const urlCharactersMax = 2_048;

/** @throws RangeError for what is no network. */
export function openAddressRules({ allowPrivate, networks = [], ports = [] }: AddressSettings): AddressRules {
  const own = new BlockList();
  for (const network of networks) addNetwork(own, network);
  const allows = (address: string): boolean => {
    if (allowPrivate || isPublicAddress(address)) return true;
    const family = isIP(address);
    return family !== 0 && !address.includes("%") && own.check(address, family === 4 ? "ipv4" : "ipv6");
  };
  return {
    allows,
    refusalOf(text) {
      if (text.length > urlCharactersMax) return `must be at most ${urlCharactersMax} characters`;
      // Whitespace and control characters are dropped by parsers, each in its own way.
      if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return "must be a URL";
      const url = new URL(text);
      if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https:// or http://";
      if (url.username !== "" || url.password !== "") return "must not carry a user or password";
      if (url.hash !== "") return "must not have a fragment";
      const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
      if (port === 0 || (ports.length > 0 && !ports.includes(port))) return `must not have port ${port}`;
      return refusalOfHost(url.hostname, allows, allowPrivate);
    },
  };
}

/** The host as a URL spells it out: `0x7f.1` is 127.0.0.1 by then. */
function refusalOfHost(
  hostname: string,
  allows: AddressRules["allows"],
  allowPrivate: boolean,
): string | null {
  const host = hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  const refusal = "must have a public address";
  if (isIP(host) !== 0) return allows(host) ? null : refusal;
  return !allowPrivate && (host === "localhost" || host.endsWith(".localhost")) ? refusal : null;
}

function addNetwork(list: BlockList, text: string): void {
  const [address = "", bits = ""] = text.split("/");
  const family = isIP(address);
  const bitsMax = family === 4 ? 32 : 128;
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax) {
    throw new RangeError(`${text} is not a network such as 10.1.0.0/16`);
  }
  list.addSubnet(address, Number(bits), family === 4 ? "ipv4" : "ipv6");
}

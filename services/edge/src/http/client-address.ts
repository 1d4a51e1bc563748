/** Who is at the other end, when proxies stand between. */
import { BlockList, isIP, SocketAddress } from "node:net";
import { ConfigError } from "@rookery/runtime";

/** The header by which our proxies tell for whom they ask; the other one is a stranger's word and not read. */
export type ProxyHeader = "x-forwarded-for" | "forwarded";

export interface ProxyTrust {
  /** Networks whose word is believed, as CIDR; none by default. */
  readonly networks: readonly string[];
  readonly header: ProxyHeader;
}

/** More hops than anybody has; what is further left is not looked at. */
const hopsMax = 32;

/**
 * The rule that tells a client's address from the peer's and the header's values, in the order they came.
 *
 * Each proxy adds at the right end whom it heard from. So the list is read from the right, for as long as the one who
 * says it is trusted; the first who is not is the client. Whatever stands further left is the client's own word.
 *
 * @throws ConfigError naming a network that is none.
 */
export function clientAddressRule(trust: ProxyTrust): (peer: string, values: readonly string[]) => string {
  const trusted = new BlockList();
  for (const network of trust.networks) addNetwork(trusted, network);
  const isTrusted = (address: string): boolean =>
    trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  const readHops = trust.header === "forwarded" ? readForwarded : readForwardedFor;

  return (peer, values) => {
    let client = readAddress(peer);
    if (client === null) return "";
    if (trust.networks.length === 0 || values.length === 0 || !isTrusted(client)) return client;
    for (const hop of readHops(values.join(",")).slice(-hopsMax).toReversed()) {
      const address = readAddress(hop);
      // `unknown`, a made-up name or rubbish: nobody further left can be believed either.
      if (address === null) return client;
      client = address;
      if (!isTrusted(client)) return client;
    }
    return client;
  };
}

/** IPv6 by its /64, for one household holds that many addresses. */
export function addressKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [left = "", right] = (address.split("%")[0] ?? "").split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const zeros = right === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill("0"), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** An address in its one short form, an IPv4 one written as IPv6 as the IPv4 one it is; a port is left out. Null for none. */
function readAddress(text: string): string | null {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const family = isIP(bare);
  if (family === 0 || bare.includes("%")) return null;
  if (family === 4) return bare;
  const { address } = new SocketAddress({ address: bare, family: "ipv6" });
  return /^::ffff:([\d.]+)$/.exec(address)?.[1] ?? address;
}

function readForwardedFor(value: string): string[] {
  return value.split(",").map((hop) => hop.trim());
}

/** RFC 7239: `for=192.0.2.60;proto=http, for="[2001:db8::1]:4711"`. A hop that tells no `for` is an unknown one. */
function readForwarded(value: string): string[] {
  return value.split(",").map((element) => {
    const pair = element.split(";").find((each) => /^\s*for\s*=/i.test(each)) ?? "";
    return pair
      .slice(pair.indexOf("=") + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1");
  });
}

function addNetwork(list: BlockList, network: string): void {
  const [address = "", bits, ...more] = network.split("/");
  const family = isIP(address);
  const max = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? max : Number(bits);
  const isWrong = family === 0 || more.length > 0 || bits === "" || !Number.isInteger(prefix);
  if (isWrong || prefix < 0 || prefix > max) {
    throw new ConfigError(`TRUSTED_PROXIES: ${network} is not a network such as 10.0.0.0/8`);
  }
  list.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
}

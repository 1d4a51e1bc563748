/** Which addresses a service outside may have. What is private, or means this machine, is nobody's business to ask through us. */
import { BlockList, isIP } from "node:net";

const networks = [
  ["0.0.0.0", 8, "this network"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "carriers'"],
  ["127.0.0.0", 8, "loopback"],
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
  ["2001::", 32, "Teredo"],
  ["2001:10::", 28, "ORCHID"],
  ["2001:20::", 28, "ORCHIDv2"],
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
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !refused.check(address, "ipv4");
  if (family === 6)
    return !address.includes("%") && global6.check(address, "ipv6") && !refused.check(address, "ipv6");
  return false;
}

import { ConfigError, type Env, readFlag, readList } from "@rookery/runtime";
import { type AddressRules, openAddressRules } from "./address.ts";

/** What the operator lets others have us call. @throws ConfigError naming the variable. */
export function readAddressRules(env: Env): AddressRules {
  const ports = readList(env, "WEBHOOK_PORTS").map((text) => {
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new ConfigError(`WEBHOOK_PORTS: ${text} is not a port`);
    }
    return port;
  });
  const allowPrivate = readFlag(env, "WEBHOOK_ALLOW_PRIVATE", false);
  const networks = readList(env, "WEBHOOK_ALLOW_NETWORKS");
  try {
    return openAddressRules({ allowPrivate, networks, ports });
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError(`WEBHOOK_ALLOW_NETWORKS: ${error.message}`);
    throw error;
  }
}

import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { clientAddressRule, type ProxyTrust } from "./client-address.ts";

/** The client's address, while uWS still lends the request. */
export type ClientAddressOf = (res: HttpResponse, req: HttpRequest) => string;

/** @throws ConfigError naming a network that is none. */
export function openClientAddress(trust: ProxyTrust): ClientAddressOf {
  const addressOf = clientAddressRule(trust);
  return (res, req) => {
    const values: string[] = [];
    if (trust.networks.length > 0) {
      // A header may come several times, and `getHeader` gives the first: what the client itself had sent.
      req.forEach((name, value) => void (name === trust.header && values.push(value)));
    }
    return addressOf(Buffer.from(res.getRemoteAddressAsText()).toString("latin1"), values);
  };
}

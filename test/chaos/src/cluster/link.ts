/** The connections of a cluster that can be hurt: each a proxy of its own. */
import type { PartName } from "@rookery/local";
import type { Role } from "./member.ts";
import { openTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** `worker-1>nats`, `clients>edge-0`. */
export type LinkName = string;

export function partLink(role: Role, index: number, part: PartName): LinkName {
  return `${role}-${index}>${part}`;
}

export function clientLink(edge: number): LinkName {
  return `clients>edge-${edge}`;
}

/** Which servers a process of a role talks to. */
export const partsOfRole: Readonly<Record<Role, readonly PartName[]>> = {
  edge: ["postgres", "nats", "redis"],
  worker: ["postgres", "nats"],
  courier: ["postgres", "nats"],
};

export interface Links {
  open(name: LinkName, targetPort: number): Promise<TcpProxy>;
  /** @throws when there is none of that name. */
  find(name: LinkName): TcpProxy;
  /** Those to one server, of all processes. */
  to(part: PartName): TcpProxy[];
  close(): Promise<void>;
}

export function openLinks(): Links {
  const proxies = new Map<LinkName, TcpProxy>();
  return {
    async open(name, targetPort) {
      const proxy = await openTcpProxy(targetPort);
      proxies.set(name, proxy);
      return proxy;
    },
    find(name) {
      const proxy = proxies.get(name);
      if (proxy === undefined) throw new Error(`there is no link ${name}`);
      return proxy;
    },
    to: (part) => [...proxies].flatMap(([name, proxy]) => (name.endsWith(`>${part}`) ? [proxy] : [])),
    async close() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}

/** What can be done to a cluster. */
import type { PartName } from "@rookery/local";
import type { LinkName } from "../cluster/link.ts";
import type { Role } from "../cluster/member.ts";

export type Deed = "kill" | "restart" | "freeze";

export type Fault =
  /**
   * SIGKILL, or SIGTERM and a clean end, of one process, started again after `holdMs`; or SIGSTOP for `holdMs`, past
   * every detection, then SIGCONT.
   */
  | ({ readonly kind: Deed; readonly holdMs: number } & { readonly role: Role; readonly index: number })
  /** The same for a server; after its end it comes back by itself, on its port and data. */
  | ({ readonly kind: Deed; readonly holdMs: number } & { readonly part: PartName })
  /**
   * A connection: bytes wait (`stall`, one way or both), come late (`delay`), the far side is gone and the near side
   * not told (`halve`), both sides are reset (`reset`), or nothing can be connected (`refuse`).
   */
  | {
      readonly kind: "stall";
      readonly link: LinkName;
      readonly way: "both" | "up" | "down";
      readonly holdMs: number;
    }
  | { readonly kind: "delay"; readonly link: LinkName; readonly delayMs: number; readonly holdMs: number }
  | { readonly kind: "halve" | "reset" | "refuse"; readonly link: LinkName; readonly holdMs: number }
  /** Everything in Redis is gone. */
  | { readonly kind: "flush"; readonly holdMs: number }
  /** One more worker comes, and leaves after `holdMs`: cleanly or not. */
  | { readonly kind: "join"; readonly index: number; readonly holdMs: number; readonly isClean: boolean };

/** What it is done to; two faults of one step never share it. */
export function targetOf(fault: Fault): string {
  if ("part" in fault) return fault.part;
  if ("role" in fault) return `${fault.role}-${fault.index}`;
  if ("link" in fault) return fault.link;
  return fault.kind === "join" ? `worker-${fault.index}` : "redis";
}

/** `kill worker-1`, `stall edge-0>nats up`: for people. */
export function describeFault(fault: Fault): string {
  const detail =
    fault.kind === "stall" ? ` ${fault.way}` : fault.kind === "delay" ? ` ${fault.delayMs} ms` : "";
  return `${fault.kind} ${targetOf(fault)}${detail}`;
}

/** What it is counted under: the kind, and of what. */
export function classOf(fault: Fault): string {
  const target = targetOf(fault);
  const what = "link" in fault ? target.replaceAll(/-\d+/g, "") : target.replace(/-\d+$/, "");
  return `${fault.kind} ${what}`;
}

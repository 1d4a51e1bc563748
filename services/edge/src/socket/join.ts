/** A socket's user comes into a chat by a link, or asks to. */
import { type ClientFrameOf, faultInfo } from "@rookery/protocol";
import type { Store } from "@rookery/store";
import type { EdgeContext } from "../http/context.ts";
import { joinByLink } from "../http/route/link.ts";
import type { FaultOf } from "../outage.ts";
import type { Connection } from "./connection.ts";

export function openJoins(parts: {
  readonly store: Store;
  readonly gateway: EdgeContext["commands"];
  readonly commandMs: number;
  readonly faultOf: FaultOf;
}) {
  const context = { ...parts, commands: parts.gateway, config: { commandTimeoutMs: parts.commandMs } };

  /** `ended` is called once, when nothing more is said. */
  return (connection: Connection, { uuid, code }: ClientFrameOf<"Join">, ended: () => void): void => {
    const { principal: sender, connId: requestId } = connection.session;
    joinByLink(context, { code, sender, uuid, requestId })
      .then((joined) => connection.send({ type: "Joined", uuid, ...joined }))
      .catch((error: unknown) => {
        const fault = parts.faultOf(error, "a Join met a bug", { connId: requestId });
        connection.refuse(faultInfo(fault), uuid);
      })
      .finally(ended);
  };
}

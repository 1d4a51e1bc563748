/** A socket's user comes into a chat by a link, or asks to. */
import { type ClientFrameOf, Fault, faultInfo } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { EdgeContext } from "../http/context.ts";
import { joinByLink } from "../http/route/link.ts";
import type { Connection } from "./connection.ts";

export function openJoins(parts: {
  readonly store: Store;
  readonly gateway: EdgeContext["commands"];
  readonly commandMs: number;
  readonly log: Log;
}) {
  const context = { ...parts, commands: parts.gateway, config: { commandTimeoutMs: parts.commandMs } };

  /** `ended` is called once, when nothing more is said. */
  return (connection: Connection, { uuid, code }: ClientFrameOf<"Join">, ended: () => void): void => {
    const { principal: sender, connId: requestId } = connection.session;
    joinByLink(context, { code, sender, uuid, requestId })
      .then((joined) => connection.send({ type: "Joined", uuid, ...joined }))
      .catch((error: unknown) => {
        if (!(error instanceof Fault)) parts.log.warn({ err: String(error) }, "a link could not be followed");
        connection.refuse(faultInfo(error instanceof Fault ? error : new Fault("unavailable")), uuid);
      })
      .finally(ended);
  };
}

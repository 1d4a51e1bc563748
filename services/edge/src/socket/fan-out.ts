import type { ServerFrame } from "@rookery/protocol";
import type { Connection } from "./connection.ts";
import type { Format } from "./format.ts";

/** Passes a frame on to sockets, encoded once a format. */
export function fanOut(
  hearers: Iterable<Connection>,
  frame: ServerFrame,
  except?: ReadonlySet<Connection>,
): void {
  const encoded = new Map<Format, Uint8Array>();
  for (const connection of hearers) {
    if (except?.has(connection) === true) continue;
    const { format } = connection.session;
    let bytes = encoded.get(format);
    if (bytes === undefined) encoded.set(format, (bytes = format.encode(frame)));
    connection.queue(bytes);
  }
}

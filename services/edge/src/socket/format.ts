import {
  type ClientFrame,
  encodeJsonFrame,
  openProtoCodec,
  parseJsonFrame,
  type ServerFrame,
} from "@rookery/protocol";

export type FormatName = "json" | "proto";

/** How frames look on one kind of socket; chosen by subprotocol, the same frames either way. */
export interface Format {
  readonly name: FormatName;
  readonly subprotocol: string;
  readonly binary: boolean;
  /** @throws Fault `invalid` or `too_large` */
  parse(bytes: ArrayBuffer): ClientFrame;
  encode(frame: ServerFrame): Uint8Array;
}

export type Formats = Readonly<Record<FormatName, Format>>;

export function openFormats(): Formats {
  const proto = openProtoCodec();
  const decoder = new TextDecoder();
  return {
    json: {
      name: "json",
      subprotocol: "rookery.v1.json",
      binary: false,
      parse: (bytes) => parseJsonFrame(decoder.decode(bytes)),
      encode: (frame) => Buffer.from(encodeJsonFrame(frame)),
    },
    proto: {
      name: "proto",
      subprotocol: "rookery.v1.proto",
      binary: true,
      parse: (bytes) => proto.parse(new Uint8Array(bytes)),
      encode: (frame) => proto.encode(frame),
    },
  };
}

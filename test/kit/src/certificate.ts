/** A certificate that signs itself, for servers of tests on this machine; DER by hand, since Node only reads them. */
import { generateKeyPairSync, sign } from "node:crypto";

export interface Certificate {
  readonly certPem: string;
  readonly keyPem: string;
}

const dayMs = 86_400_000;
const tag = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  text: 0x0c,
  time: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const;
const ecdsaSha256 = sequence(der(tag.oid, Buffer.from("2a8648ce3d040302", "hex")));
const commonName = der(tag.oid, Buffer.from("550403", "hex"));
const alternativeName = der(tag.oid, Buffer.from("551d11", "hex"));

/** For `localhost` and 127.0.0.1, by a fresh P-256 key, for a day (RFC 5280). */
export function makeCertificate(nowMs: number = Date.now()): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(der(tag.set, sequence(commonName, der(tag.text, Buffer.from("localhost")))));
  const names = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.of(127, 0, 0, 1)));
  const body = sequence(
    der(0xa0, der(tag.integer, Buffer.of(2))),
    der(tag.integer, Buffer.of(1)),
    ecdsaSha256,
    name,
    sequence(time(nowMs - dayMs), time(nowMs + dayMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(alternativeName, der(tag.octets, names)))),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, ecdsaSha256, der(tag.bits, Buffer.concat([Buffer.of(0), signature])));
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${lines(certificate.toString("base64"))}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(tag.sequence, Buffer.concat(parts));
}

/** Tag, length and content; none of ours is longer than 65,535 bytes. */
function der(kind: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(kind, ...head), content]);
}

/** `YYMMDDHHMMSSZ`. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return der(tag.time, Buffer.from(text.slice(2)));
}

function lines(base64: string): string {
  return base64.match(/.{1,64}/g)?.join("\n") ?? "";
}

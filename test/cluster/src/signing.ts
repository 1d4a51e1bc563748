/** Tokens that nobody gave: signed here, with the cluster's key or another. */
import { generateKeyPairSync, sign } from "node:crypto";

/** The claims of a good token, signed again with another end. */
export function reissue(token: string, expSeconds: number, keyPem: string): string {
  const [head, claims] = token.split(".") as [string, string];
  const parsed = JSON.parse(Buffer.from(claims, "base64url").toString()) as { iat?: number };
  const changed = { ...parsed, iat: Math.min(parsed.iat ?? expSeconds, expSeconds - 1), exp: expSeconds };
  const text = `${head}.${Buffer.from(JSON.stringify(changed)).toString("base64url")}`;
  const signature = sign("sha256", Buffer.from(text), { key: keyPem, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function makeKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

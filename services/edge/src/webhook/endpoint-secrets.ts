import type { SecretBox } from "@rookery/auth";
import {
  type EndpointSecretRow,
  webhookSecretOwner,
  expireEndpointSecrets,
  insertEndpointSecret,
  type Queryable,
} from "@rookery/store";
import { makeSigningSecret, type SignatureKind } from "@rookery/webhook";

/** What is told of fresh secrets: once, to who asked for them. Of `v1a` the private half never leaves. */
export interface ToldSecrets {
  readonly secret?: string;
  readonly publicKey?: string;
}

/** Fresh ones of these kinds for an endpoint, sealed in the transaction of `db`. */
export async function makeEndpointSecrets(
  db: Queryable,
  secrets: SecretBox,
  kinds: readonly SignatureKind[],
  of: { readonly endpointId: number; readonly createdMs: number; readonly requestUuid: string | null },
): Promise<ToldSecrets> {
  let told: ToldSecrets = {};
  for (const kind of [...new Set(kinds)].toSorted()) {
    const made = makeSigningSecret(kind);
    const sealed = secrets.sealSecret(made.secret, webhookSecretOwner(of.endpointId));
    await insertEndpointSecret(db, {
      ...of,
      kind,
      ...sealed,
      public: made.kind === "v1a" ? made.public : null,
    });
    told = made.kind === "v1a" ? { ...told, publicKey: made.public } : { ...told, secret: made.secret };
  }
  return told;
}

/** Others in their place; those that signed so far go on beside them until `graceMs` is over. */
export async function rotateEndpointSecrets(
  db: Queryable,
  secrets: SecretBox,
  kinds: readonly SignatureKind[],
  of: Parameters<typeof makeEndpointSecrets>[3] & { readonly graceMs: number },
): Promise<ToldSecrets> {
  const { graceMs, ...rest } = of;
  const expiresMs = of.createdMs + graceMs;
  await expireEndpointSecrets(db, of.endpointId, kinds, { nowMs: of.createdMs, expiresMs });
  return makeEndpointSecrets(db, secrets, kinds, rest);
}

/** What the request of this name was told, while those are what signs; nothing when it was another request. */
export function retellSecrets(
  rows: readonly EndpointSecretRow[],
  secrets: SecretBox,
  requestUuid: string,
): ToldSecrets {
  let told: ToldSecrets = {};
  for (const row of rows) {
    if (row.requestUuid !== requestUuid) continue;
    const owner = webhookSecretOwner(row.endpointId);
    if (row.kind === "v1") told = { ...told, secret: secrets.openSecret(row, owner) };
    else if (row.public !== null) told = { ...told, publicKey: row.public };
  }
  return told;
}

export {
  type Claim,
  clockSkewMs,
  openTokens,
  type TokenOptions,
  type Tokens,
  type Verdict,
} from "./access-token.ts";
export {
  displayNameRefusal,
  emailRefusal,
  languageRefusal,
  specialisationRefusal,
  usernameRefusal,
} from "./account-name.ts";
export { type ApiKeys, keyPrefix, type NewApiKey, openApiKeys } from "./api-key.ts";
export { readMasterKey, readOldMasterKeys, readPrivateKey } from "./key-file.ts";
export { type MasterKey, parseMasterKey } from "./master-key.ts";
export {
  openPasswords,
  passwordRefusal,
  type PasswordOptions,
  type Passwords,
} from "./password.ts";
export {
  decideAccess,
  type Grants,
  type Permission,
  permissions,
  type Role,
  roles,
  scopeRefusal,
  scopesCover,
} from "./permission.ts";
export type { Principal } from "./principal.ts";
export { openRefreshTokens, type RefreshTokens } from "./refresh-token.ts";
export { decideRotation, graceMs, type Rotation, type TokenFamily } from "./rotation.ts";
export { addSigningKey, makeSigningKey } from "./signing-key.ts";
export { openSecretBox, type SealedSecret, type SecretBox, SecretBoxError } from "./secret-box.ts";
export {
  proveInitData,
  proveWidget,
  type TelegramPerson,
  type TelegramProof,
  telegramProofLifeMs,
} from "./telegram-proof.ts";

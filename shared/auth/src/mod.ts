export { type Claim, openTokens, type TokenOptions, type Tokens, type Verdict } from "./access-token.ts";
export { displayNameRefusal, emailRefusal, usernameRefusal } from "./account-name.ts";
export { readMasterKey, readPrivateKey } from "./key-file.ts";
export { type MasterKey, parseMasterKey } from "./master-key.ts";
export {
  openPasswords,
  passwordRefusal,
  type PasswordOptions,
  type Passwords,
} from "./password.ts";
export type { Principal, SessionId } from "./principal.ts";
export { openRefreshTokens, type RefreshTokens } from "./refresh-token.ts";
export { decideRotation, graceMs, type Rotation, type TokenFamily } from "./rotation.ts";
export { openSecretBox, type SealedSecret, type SecretBox, SecretBoxError } from "./secret-box.ts";

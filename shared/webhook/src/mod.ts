export { type AddressRules, type AddressSettings, openAddressRules } from "./address.ts";
export { readAddressRules } from "./address-config.ts";
export { parseRetryAfter } from "./retry-after.ts";
export {
  attemptsMax,
  type RetrySetting,
  type Schedule,
  scheduleOf,
  waitAfter,
  waitMsMax,
} from "./schedule.ts";
export {
  makeSigningSecret,
  type SignatureKind,
  type SigningSecret,
  SigningSecretError,
} from "./secret.ts";
export {
  readSigningKey,
  type SignedContent,
  type SigningKey,
  signWebhook,
  verifyWebhook,
  type WebhookHeaders,
} from "./signature.ts";

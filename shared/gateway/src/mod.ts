export {
  type BotRegistration,
  makeWebhookSecret,
  type RegisteredBot,
  registerBot,
} from "./bot-registration.ts";
export { type CommandGateway, openGateway } from "./gateway.ts";
export {
  botTokenDigest,
  changeNativeToken,
  type NativeBotRegistration,
  type RegisteredNativeBot,
  registerNativeBot,
} from "./native-bot.ts";
export { listenForReplies } from "./replies.ts";
export { adoptSingleBot, ensureSingleBot, type SingleBot, tellAfterMs } from "./single-bot.ts";
export { openUpdateIntake, type UpdateIntake, type Verdict } from "./update-intake.ts";

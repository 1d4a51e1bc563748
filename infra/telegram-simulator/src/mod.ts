export { type RateLimits, telegramLimits, type Violation } from "./bot/rate-limit.ts";
export type { Delivery } from "./bot/webhook.ts";
export type { FaultRule } from "./fault/fault-plan.ts";
export {
  checkJournal,
  type ExpectedMessage,
  isClean,
  type JournalVerdict,
  type SeenMessage,
} from "./journal/check.ts";
export type { Call, Journal, Seen } from "./journal/journal.ts";
export {
  type ChatSetting,
  type Simulator,
  type SimulatorOptions,
  startTelegramSimulator,
} from "./simulator.ts";
export type { Bot } from "./world/bot.ts";
export type { Chat } from "./world/chat.ts";
export type { Message } from "./world/message.ts";
export type { Content, Person } from "./world/person.ts";

export { botActor, type BotState, decide } from "./bot.ts";
export { Flood, type FloodVerdict, type PastVerdict } from "./flood.ts";
export { Outbox, type OutboxSend, type Verdict } from "./outbox.ts";
export { apologyOf, openRoutes, rateLimitOf, say } from "./route.ts";

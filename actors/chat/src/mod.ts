export { chatActor } from "./chat.ts";
export { decide } from "./decide.ts";
export type { ChatFacts } from "./facts.ts";
export { partingMax } from "./ending.ts";
export { membersMax } from "./member.ts";
export type { ChatState, Membership } from "./state.ts";

export { chatActor } from "./chat.ts";
export { decide, membersMax } from "./decide.ts";
export type { ChatState, Membership } from "./state.ts";

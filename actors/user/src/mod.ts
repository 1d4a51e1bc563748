export { decide, type UserState, userActor } from "./user.ts";

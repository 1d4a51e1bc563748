export { graceMs, PresenceBoard, type Sighting } from "./presence.ts";
export { decide, type UserState, userActor } from "./user.ts";

export { assign, type Holding } from "./assignment.ts";
export type { Attend, Attendance, AttendedShard } from "./attendance.ts";
export {
  type ActorDefinition,
  type AnyDefinition,
  anyDefinition,
  type Asked,
  type Decision,
  type Memory,
  type Position,
  type Recalled,
  type Relayed,
  type Wanted,
} from "./definition.ts";
export type { Facts, ReadFacts } from "./facts.ts";
export { type Host, type HostParts, startHost } from "./host.ts";
export { type OwnershipParts, type ShardOwnership, startOwnership } from "./ownership.ts";
export { openRelay, type Relay, relayId } from "./relay.ts";

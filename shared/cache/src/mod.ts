export { type Cache, type CacheOptions, openCache, observeCache } from "./cache.ts";
export { type Entries, openEntries } from "./entry.ts";
export {
  type Claim,
  type Decision,
  type Limit,
  type LimitOptions,
  type Limits,
  openLimits,
} from "./limit.ts";
export {
  allSockets,
  type MirroredSocket,
  openSocketMirror,
  type SocketMirror,
  socketsOf,
} from "./socket-mirror.ts";
export type { Taken } from "./token-bucket.ts";

export { type Cache, type CacheOptions, openCache } from "./cache.ts";
export { type Limit, type LimitOptions, type Limits, openLimits } from "./limit.ts";
export type { Taken } from "./token-bucket.ts";

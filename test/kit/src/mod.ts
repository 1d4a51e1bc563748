export {
  type Cluster,
  type ClusterExit,
  type ClusterOptions,
  type ClusterRole,
  parsePids,
  startCluster,
} from "./cluster.ts";
export { openTestDatabase, type TestDatabase } from "./test-database.ts";
export { natsUrl, redisUrl } from "./test-part.ts";
export { type UntilOptions, until } from "./until.ts";

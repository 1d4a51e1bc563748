export { type AnswerCheck, type CheckedAnswer, openAnswerCheck } from "./answer-check.ts";
export { type Certificate, makeCertificate } from "./certificate.ts";
export {
  type Cluster,
  type ClusterExit,
  type ClusterOptions,
  type ClusterRole,
  parsePids,
  startCluster,
} from "./cluster.ts";
export { askClusterDatabase } from "./cluster-database.ts";
export { forbiddenUrls } from "./forbidden-url.ts";
export {
  type ChangeFrame,
  type ChatBody,
  type ClientFrame,
  type FrameOf,
  type FrameType,
  isChange,
  type MarkBody,
  type MessageBody,
  type PollBody,
  type ServerFrame,
} from "./frame.ts";
export { type MalformedCall, malformedCall } from "./malformed-call.ts";
export { openRandom, type Random, seeds } from "./random.ts";
export { checkMetrics, runPromtool } from "./promtool.ts";
export { openTestDatabase, type TestDatabase } from "./test-database.ts";
export { natsUrl, ownNatsUrl, redisUrl } from "./test-part.ts";
export { type UntilOptions, until } from "./until.ts";
export {
  openWebhookReceiver,
  type SeenWebhook,
  type WebhookBehaviour,
  type WebhookReceiver,
} from "./webhook-receiver.ts";

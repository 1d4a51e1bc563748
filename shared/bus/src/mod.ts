export {
  type Appended,
  type Bus,
  type BusMessage,
  openBus,
  type Subscription,
} from "./bus.ts";
export type { ConnectionStats, ConnectionStatus } from "./connection.ts";
export type { Delivery } from "./delivery.ts";
export type { LogSpec } from "./log-config.ts";
export { LogFull, LogMismatch, LogMissing, LogRefusal } from "./log-error.ts";
export type { BrokenReason, LogMark, LogState } from "./log-mark.ts";
export type { LogReader, ReadOptions } from "./log-reader.ts";
export type { LogMessage, LogStream } from "./log-stream.ts";
export { observeBus } from "./bus-metrics.ts";
export { answerMetrics, openMetricsReader } from "./metrics-exchange.ts";
export { BusOutage, type OutageReason } from "./outage.ts";
export { HEARTBEAT_MS, type Role, SILENT_MS_MAX } from "./census.ts";
export { type Liveness, startLiveness } from "./liveness.ts";

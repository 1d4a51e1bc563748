export {
  ConfigError,
  type Env,
  readChoice,
  readFlag,
  readInteger,
  readList,
  readRequired,
  readText,
} from "./env.ts";
export { openGather } from "./gather.ts";
export { type Log, openLog } from "./log.ts";
export { Counter, Gauge, Histogram, openMetrics, type Registry } from "./metric.ts";
export { isLoopback, type MetricsDoor, mayReadMetrics } from "./metrics-door.ts";
export { mergeMetrics } from "./metrics-text.ts";
export {
  type ObservationConfig,
  readObservationConfig,
  startObservation,
  startProcessStatus,
} from "./observation.ts";
export { type ReadyMessage, runProcess, type Service } from "./process.ts";
export { checkReadiness, type Probe } from "./readiness.ts";
export { sparseWarning, sparsely } from "./sparsely.ts";
export { startSweep } from "./sweep.ts";
export { openTracer, readTraceConfig, type TraceConfig, type TracedStep, type Tracer } from "./trace.ts";
export { traceIdsOf } from "./trace-id.ts";

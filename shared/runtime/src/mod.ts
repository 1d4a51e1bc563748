export { ConfigError, type Env, readChoice, readFlag, readInteger, readRequired, readText } from "./env.ts";
export { type Log, openLog } from "./log.ts";
export { Counter, Gauge, Histogram, openMetrics, type Registry } from "./metric.ts";
export { type ReadyMessage, runProcess, type Service } from "./process.ts";

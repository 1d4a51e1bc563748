export { counters, type CounterName, type Finding, guiltOf, type Verdict } from "./journal/tally.ts";
export type { Journals } from "./journal/entry.ts";
export type { Truth } from "./journal/truth.ts";
export { judge } from "./journal/verdict.ts";
export { planFaults, type Step } from "./nemesis/plan.ts";
export { type ChaosOptions, runChaos } from "./run/chaos.ts";
export { describeReport, type Report } from "./run/report.ts";

import { cpus, loadavg, release, totalmem } from "node:os";

/** What figures were measured on; nothing that names the machine or a place on it. */
export function describeMachine(): object {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release().split("-", 1)[0],
    node: process.version,
    /** When the run ended, its own included: much above that of a quiet run, others were at work. */
    loadAverage5Minutes: loadavg()[1],
  };
}

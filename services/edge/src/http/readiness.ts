import type { EdgeContext, Probe } from "./context.ts";

/** A probe that has not answered by then counts as missing. */
const probeTimeoutMs = 1_000;

/** What the edge lacks to serve: names of probes that fail, and `draining`. Never throws. */
export async function checkReadiness(context: Pick<EdgeContext, "probes" | "draining">): Promise<string[]> {
  const names = Object.keys(context.probes);
  const present = await Promise.all(Object.values(context.probes).map(answersInTime));
  const missing = names.filter((_, index) => present[index] !== true);
  return context.draining() ? [...missing, "draining"] : missing;
}

async function answersInTime(probe: Probe): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), probeTimeoutMs);
  });
  try {
    return await Promise.race([Promise.resolve(probe()), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

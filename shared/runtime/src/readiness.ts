/** Something a process cannot serve without; resolves false, or throws, while it is away. */
export type Probe = () => Promise<boolean> | boolean;

/** A probe that has not answered by then counts as missing. */
const probeTimeoutMs = 1_000;

/** What a process lacks to serve: names of probes that fail, and `draining`. Never throws. */
export async function checkReadiness(of: {
  /** By name, as `/health/ready` tells them. */
  readonly probes: Readonly<Record<string, Probe>>;
  readonly draining: () => boolean;
}): Promise<string[]> {
  const names = Object.keys(of.probes);
  const present = await Promise.all(Object.values(of.probes).map(answersInTime));
  const missing = names.filter((_, index) => present[index] !== true);
  return of.draining() ? [...missing, "draining"] : missing;
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

/**
 * The algorithm of Kubernetes' HorizontalPodAutoscaler as it is documented: ratios with a tolerance, stabilisation windows,
 * policies. Pure. It is the algorithm, not Kubernetes: pods here are ready when their process says so, and metrics are read
 * at once instead of through adapters that are up to a minute old.
 * https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#algorithm-details
 */

export interface Policy {
  readonly type: "Pods" | "Percent";
  readonly value: number;
  readonly periodSeconds: number;
}

export interface Rules {
  readonly stabilizationWindowSeconds: number;
  readonly selectPolicy: "Max" | "Min" | "Disabled";
  readonly policies: readonly Policy[];
}

export interface ScalerSpec {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly up: Rules;
  readonly down: Rules;
}

/** What one metric says. `total` is over all pods, for a target of each; `ratio` compares a value with its target. */
export type Reading =
  | { readonly kind: "total"; readonly total: number; readonly target: number }
  | { readonly kind: "value"; readonly value: number; readonly target: number };

interface Recommendation {
  readonly atMs: number;
  readonly replicas: number;
}

interface Change {
  readonly atMs: number;
  readonly by: number;
}

export interface ScalerState {
  readonly recommendations: readonly Recommendation[];
  readonly changes: readonly Change[];
}

export const startState: ScalerState = { recommendations: [], changes: [] };

const tolerance = 0.1;

/** What one metric alone would want. */
export function wantedBy(reading: Reading, current: number): number {
  const ratio =
    reading.kind === "total" ? reading.total / (reading.target * current) : reading.value / reading.target;
  if (Math.abs(1 - ratio) <= tolerance) return current;
  return reading.kind === "total" ? Math.ceil(reading.total / reading.target) : Math.ceil(current * ratio);
}

/** How many there are to be now. @returns it with the state for the next time */
export function decide(
  spec: ScalerSpec,
  state: ScalerState,
  now: { readonly current: number; readonly readings: readonly Reading[]; readonly atMs: number },
): { readonly replicas: number; readonly state: ScalerState } {
  const { current, readings, atMs } = now;
  const wanted = clamp(Math.max(...readings.map((reading) => wantedBy(reading, current))), spec);
  const windowMs = 1_000 * Math.max(spec.up.stabilizationWindowSeconds, spec.down.stabilizationWindowSeconds);
  const recommendations = [...state.recommendations, { atMs, replicas: wanted }].filter(
    (each) => each.atMs >= atMs - windowMs,
  );
  const stable = stabilise(spec, recommendations, current, atMs);
  const replicas = clamp(limit(spec, state.changes, current, stable, atMs), spec);
  const periodMs =
    1_000 * Math.max(...[...spec.up.policies, ...spec.down.policies].map((each) => each.periodSeconds));
  const changes = state.changes.filter((each) => each.atMs > atMs - periodMs);
  if (replicas !== current) changes.push({ atMs, by: replicas - current });
  return { replicas, state: { recommendations, changes } };
}

/** Up to the least that was wanted in the window of going up, down to the most in that of going down. */
function stabilise(
  spec: ScalerSpec,
  recommendations: readonly Recommendation[],
  current: number,
  atMs: number,
): number {
  const within = (rules: Rules): number[] =>
    recommendations
      .filter((each) => each.atMs >= atMs - rules.stabilizationWindowSeconds * 1_000)
      .map(({ replicas }) => replicas);
  const least = Math.min(...within(spec.up));
  const most = Math.max(...within(spec.down));
  if (current < least) return least;
  return current > most ? most : current;
}

function limit(
  spec: ScalerSpec,
  changes: readonly Change[],
  current: number,
  wanted: number,
  atMs: number,
): number {
  if (wanted === current) return current;
  const isUp = wanted > current;
  const rules = isUp ? spec.up : spec.down;
  if (rules.selectPolicy === "Disabled") return current;
  const limits = rules.policies.map(({ type, value, periodSeconds }) => {
    const sinceMs = atMs - periodSeconds * 1_000;
    const moved = changes
      .filter((each) => each.atMs > sinceMs && each.by > 0 === isUp)
      .reduce((sum, each) => sum + each.by, 0);
    const start = current - moved;
    const sign = isUp ? 1 : -1;
    if (type === "Pods") return start + sign * value;
    const share = start * (1 + (sign * value) / 100);
    return isUp ? Math.ceil(share) : Math.floor(share);
  });
  // The policy that lets the most change, or the least.
  const most = isUp ? Math.max(...limits) : Math.min(...limits);
  const least = isUp ? Math.min(...limits) : Math.max(...limits);
  const bound = rules.selectPolicy === "Max" ? most : least;
  return isUp ? Math.max(current, Math.min(wanted, bound)) : Math.min(current, Math.max(wanted, bound));
}

function clamp(replicas: number, { min, max }: ScalerSpec): number {
  return Math.min(max, Math.max(min, replicas));
}

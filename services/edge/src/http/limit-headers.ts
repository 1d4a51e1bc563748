import type { Decision } from "@rookery/cache";

type Counted = Decision["counted"][number];

/** The load of the whole cluster is nobody's business, until it is why they are refused. */
const untold = "global";

/**
 * What a caller may know of their limits: all of them by `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers), and the nearest by the three plain headers that most clients know.
 * `counted` is in any order; nothing is told when nothing was counted.
 */
export function limitHeaders(counted: readonly Counted[]): Readonly<Record<string, string>> {
  const told = counted.filter(({ limit, taken }) => limit.name !== untold || !taken.allowed);
  const nearest = told.toSorted(byDistance)[0];
  if (nearest === undefined) return {};
  const { limit, taken } = nearest;
  return {
    "ratelimit-policy": told
      .map(({ limit: each }) => `"${each.name}";q=${each.burst};w=${windowSec(each)}`)
      .join(", "),
    ratelimit: told
      .map((each) => `"${each.limit.name}";r=${each.taken.remaining};t=${seconds(each.taken.resetMs)}`)
      .join(", "),
    "ratelimit-limit": String(limit.burst),
    "ratelimit-remaining": String(taken.remaining),
    "ratelimit-reset": String(seconds(taken.resetMs)),
  };
}

/** The one that refuses longest, else the one with the smallest part left. */
function byDistance(one: Counted, other: Counted): number {
  return other.taken.retryMs - one.taken.retryMs || partLeft(one) - partLeft(other);
}

function partLeft({ limit, taken }: Counted): number {
  return taken.remaining / limit.burst;
}

/** In which a whole burst comes back. */
function windowSec({ burst, perMinute }: Counted["limit"]): number {
  return Math.max(1, Math.round((burst * 60) / perMinute));
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}

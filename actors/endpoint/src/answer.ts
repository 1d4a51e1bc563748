import { parseRetryAfter } from "@rookery/webhook";

/** What came of one attempt. */
export type Answer =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfter?: string | undefined }
  /** Nothing came back: no connection, an address that is refused, a timeout, a reset. */
  | { readonly kind: "silence" };

export type Meaning =
  | { readonly kind: "taken" }
  /** Not taken; redirections too, which are never followed. */
  | { readonly kind: "failed"; readonly isTooFast: boolean; readonly retryAfterMs: number | null }
  /** 410: nobody lives here any more. */
  | { readonly kind: "gone" };

/** Source: Standard Webhooks 1.0.0. */
const tooFast: ReadonlySet<number> = new Set([429, 502, 504]);

export function meaningOf(answer: Answer, nowMs: number): Meaning {
  if (answer.kind === "silence") return { kind: "failed", isTooFast: false, retryAfterMs: null };
  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return { kind: "taken" };
  if (status === 410) return { kind: "gone" };
  return {
    kind: "failed",
    isTooFast: tooFast.has(status),
    retryAfterMs: parseRetryAfter(retryAfter, nowMs),
  };
}

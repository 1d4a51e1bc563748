/** A week: beyond it nobody means it. */
const retryAfterMsMax = 7 * 24 * 60 * 60 * 1_000;

/**
 * What the header `Retry-After` asks for: seconds, or a date (RFC 9110 §10.2.3). Null when it is neither, or past.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  const text = value.trim();
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text) * 1_000, retryAfterMsMax);
  // The form that RFC 9110 wants sent; `Date.parse` would take far more.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return null;
  const waitMs = Date.parse(text) - nowMs;
  return waitMs > 0 ? Math.min(waitMs, retryAfterMsMax) : null;
}

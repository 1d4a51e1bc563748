/** How often an update was refused, and the wait it came to. */
export interface Attempts {
  readonly failures: number;
  readonly delaySeconds: number;
}

export const noAttempts: Attempts = { failures: 0, delaySeconds: 1 };

const retryAfterSecondsMax = 3_600;
const resendSecondsMax = 60;

/**
 * The wait before an update is posted again: none after its first failure, then 2, 4, 8 s … up to a random 60–120 s;
 * `Retry-After` instead when it was given. Source: telegram-bot-api, WebhookActor::on_update_error.
 */
export function nextAttempt(
  { failures, delaySeconds }: Attempts,
  retryAfterSeconds: number,
  random: () => number,
): { readonly attempts: Attempts; readonly waitSeconds: number } {
  const wanted = Math.min(Math.max(Math.trunc(retryAfterSeconds), 0), retryAfterSecondsMax);
  if (wanted > 0 || failures === 0) {
    return { attempts: { failures: failures + 1, delaySeconds }, waitSeconds: wanted };
  }
  const most = resendSecondsMax * (1 + random());
  const waitSeconds = Math.min(most, delaySeconds * 2);
  return { attempts: { failures: failures + 1, delaySeconds: waitSeconds }, waitSeconds };
}

import type { Tokens } from "@rookery/auth";
import type { Log } from "@rookery/runtime";

/** How often the key file is looked at; a token of a key not known yet makes us look at once. */
const lookMs = 5_000;

/** Takes up the signing keys when their file changes, without a restart. @returns what stops it. */
export function watchKeys(tokens: Pick<Tokens, "refresh" | "jwks">, log: Log): () => void {
  let told = "";
  const look = async (): Promise<void> => {
    try {
      if (!(await tokens.refresh())) return;
      told = "";
      log.info({ kids: tokens.jwks.keys.map(({ kid }) => kid) }, "the signing keys have changed");
    } catch (error) {
      const reason = String(error);
      if (reason !== told) log.error({ reason }, "the signing keys cannot be read; those in use stay");
      told = reason;
    }
  };
  const timer = setInterval(() => void look(), lookMs);
  return () => clearInterval(timer);
}

/**
 * The form in which usernames and email addresses are compared: equal for all spellings that people take for
 * the same (case, composed or decomposed accents, full-width letters).
 *
 * Lower, upper, lower is Unicode's case folding to all intents: ẞ → ß → SS → ss.
 */
export function accountKey(text: string): string {
  return text.normalize("NFKC").toLowerCase().toUpperCase().toLowerCase().normalize("NFKC");
}

/** The words by which an account is found: runs of letters and digits of its `accountKey`, each once. */
export function searchWords(...texts: readonly (string | null)[]): string[] {
  const words = texts.flatMap((text) => accountKey(text ?? "").match(/[\p{L}\p{N}\p{M}]+/gu) ?? []);
  return [...new Set(words)];
}

/** Reading of environment variables. A refusal names the variable, what it holds and what it may hold. */

export type Env = Readonly<Record<string, string | undefined>>;

/** A setting that cannot be used. Told to the operator as it stands; the process exits 1. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

export function readText(env: Env, name: string, fallback: string): string {
  const value = env[name];
  return value === undefined || value === "" ? fallback : value;
}

/** As `readText`, for what has no default. @throws ConfigError when it is missing. */
export function readRequired(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new ConfigError(`${name} is not set`);
  return value;
}

export function readInteger(
  env: Env,
  name: string,
  range: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  const text = env[name];
  if (text === undefined || text === "") return range.fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < range.min || value > range.max) {
    throw new ConfigError(`${name}=${text} must be a whole number from ${range.min} to ${range.max}`);
  }
  return value;
}

export function readChoice<const T extends string>(
  env: Env,
  name: string,
  choices: readonly T[],
  fallback: NoInfer<T>,
): T {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = choices.find((choice) => choice === text);
  if (value === undefined) throw new ConfigError(`${name}=${text} must be one of ${choices.join(", ")}`);
  return value;
}

export function readFlag(env: Env, name: string, fallback: boolean): boolean {
  const value = readChoice(env, name, ["true", "false", "1", "0"], fallback ? "true" : "false");
  return value === "true" || value === "1";
}

/** What is separated by commas; empty parts are none. */
export function readList(env: Env, name: string): string[] {
  return readText(env, name, "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

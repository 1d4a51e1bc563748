import { parseArgs } from "node:util";
import { ConfigError, type Env } from "@rookery/runtime";

/** What `rookery <name>` does. One file each, listed in `main.ts`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly usage: string;
  /** @returns the exit code. @throws ConfigError for what the caller can put right; shown as one line. */
  run(args: readonly string[], env: Env): Promise<number>;
}

export interface ParsedFlags {
  readonly values: Readonly<Record<string, string>>;
  /** Names of the given flags that have no value. */
  readonly switches: ReadonlySet<string>;
  readonly positionals: readonly string[];
  readonly wantsHelp: boolean;
}

/**
 * Parses `--name value` and `--name=value`, and `--name` alone for `switches`.
 *
 * @throws ConfigError naming the flags there are.
 */
export function parseFlags(
  args: readonly string[],
  names: readonly string[],
  switches: readonly string[] = [],
): ParsedFlags {
  const options: Readonly<Record<string, { readonly type: "string" | "boolean" }>> = Object.fromEntries([
    ...names.map((name) => [name, { type: "string" as const }]),
    ...switches.map((name) => [name, { type: "boolean" as const }]),
  ]);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    const texts = Object.entries(values).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as const] : [],
    );
    return {
      values: Object.fromEntries(texts),
      switches: new Set(switches.filter((name) => name in values)),
      positionals,
      wantsHelp: values["help"] === true,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(/[.\n]/, 1)[0] : String(error);
    const known = [...names, ...switches].map((name) => `--${name}`).join(", ");
    throw new ConfigError(`${reason}; known flags: ${known}, --help`, { cause: error });
  }
}

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
  readonly positionals: readonly string[];
  readonly wantsHelp: boolean;
}

/** Parses `--name value` and `--name=value`. @throws ConfigError naming the flags there are. */
export function parseFlags(args: readonly string[], names: readonly string[]): ParsedFlags {
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    const texts = Object.entries(values).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as const] : [],
    );
    return { values: Object.fromEntries(texts), positionals, wantsHelp: values["help"] === true };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(/[.\n]/, 1)[0] : String(error);
    const known = names.map((name) => `--${name}`).join(", ");
    throw new ConfigError(`${reason}; known flags: ${known}, --help`, { cause: error });
  }
}

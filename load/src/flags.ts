/** Flags of a scenario: whole numbers with a default and a most, and the few that all have. */
import { parseArgs } from "node:util";
import { readInteger } from "@rookery/runtime";

export interface CommonFlags {
  /** Folder for CPU profiles of the cluster's processes. */
  readonly profileDir: string | undefined;
  readonly save: boolean;
  readonly asJson: boolean;
}

export const commonUsage = `  --profile …      folder for CPU profiles of the cluster's processes
  --no-save        leave load/results as it is
  --json           one JSON object on standard output`;

/** `NODE_OPTIONS` of processes that are to be profiled, or are not. */
export function profiling({ profileDir }: Pick<CommonFlags, "profileDir">): string {
  return profileDir === undefined ? "" : `--cpu-prof --cpu-prof-dir=${profileDir}`;
}

/** @throws ConfigError for a number out of bounds, TypeError for an unknown flag. */
export function readFlags<N extends string, L extends string = never>(
  args: readonly string[],
  numbers: Readonly<Record<N, readonly [fallback: number, max: number, min?: number]>>,
  lists?: Readonly<Record<L, readonly [fallback: readonly number[], max: number]>>,
): Readonly<Record<N, number>> & Readonly<Record<L, readonly number[]>> & CommonFlags {
  const single = Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: "string" } as const]));
  const many = Object.fromEntries(
    Object.keys(lists ?? {}).map((name) => [name, { type: "string", multiple: true } as const]),
  );
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...single,
      ...many,
      profile: { type: "string" },
      "no-save": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const given: Readonly<Record<string, unknown>> = values;
  const read = (name: string, text: string | undefined, fallback: number, max: number, min = 0): number =>
    readInteger({ [name]: text }, name, { fallback, min, max });
  const entries = Object.entries<readonly [number, number, number?]>(numbers).map(
    ([name, [fallback, max, min]]) => [
      name,
      read(name, given[name] as string | undefined, fallback, max, min),
    ],
  );
  const listed = Object.entries<readonly [readonly number[], number]>(lists ?? {}).map(
    ([name, [fallback, max]]) => {
      const texts = given[name] as string[] | undefined;
      return [name, texts?.map((text) => read(name, text, 0, max)) ?? fallback];
    },
  );
  return {
    ...Object.fromEntries([...entries, ...listed]),
    profileDir: values.profile,
    save: !values["no-save"],
    asJson: values.json,
  } as ReturnType<typeof readFlags<N, L>>;
}

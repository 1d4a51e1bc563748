import { ConfigError } from "@rookery/runtime";

/** What `rookery doctor` has found of one thing. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly name: string;
  /** `missing`: it prevents a start. `warning`: it starts, and something will not be as it should. */
  readonly state: "ok" | "warning" | "missing";
  /** What is so. */
  readonly text: string;
  /** What to do about it; empty when it is well. */
  readonly todo: string;
}

export function ok(name: string, text: string): Finding {
  return { name, state: "ok", text, todo: "" };
}

export function warning(name: string, text: string, todo: string): Finding {
  return { name, state: "warning", text, todo };
}

export function missing(name: string, text: string, todo: string): Finding {
  return { name, state: "missing", text, todo };
}

/** One line a finding. */
export function encodeFindings(findings: readonly Finding[]): string[] {
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  return findings.map(
    ({ name, state, text, todo }) =>
      `${state.padEnd(7)}  ${name.padEnd(width)}  ${text}${todo === "" ? "" : `: ${todo}`}`,
  );
}

/** @throws ConfigError of the first that prevents a start: what a start says of it is what `doctor` says. */
export function refuseMissing(findings: readonly Finding[]): void {
  const first = findings.find(({ state }) => state === "missing");
  if (first !== undefined) throw new ConfigError(`${first.text}: ${first.todo}`);
}

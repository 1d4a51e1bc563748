/** A Dockerfile read as what it does: stages of steps. Pure. It refuses whatever it does not know how to execute. */
import { type Copy, DockerfileParser } from "dockerfile-ast";

export type Step =
  | { readonly kind: "run"; readonly command: string }
  | {
      readonly kind: "copy";
      /** A stage; null: what is built from. */
      readonly from: string | null;
      readonly sources: readonly string[];
      readonly target: string;
    }
  | { readonly kind: "workdir" | "user"; readonly value: string }
  | { readonly kind: "env"; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: "command" | "entrypoint" | "health"; readonly words: readonly string[] };

export interface Stage {
  readonly name: string;
  /** An earlier stage, or an image. */
  readonly base: string;
  readonly steps: readonly Step[];
}

/** They change nothing of what runs. */
const silent = ["EXPOSE", "STOPSIGNAL"];

/** @throws Error naming an instruction that is not known here. */
export function parseDockerfile(text: string): Stage[] {
  const stages: { name: string; base: string; steps: Step[] }[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const keyword = instruction.getKeyword();
    const words = instruction.getArguments().map((argument) => argument.getValue());
    if (keyword === "FROM") {
      const [base = "", , name = ""] = words;
      stages.push({ name, base, steps: [] });
      continue;
    }
    const from = keyword === "COPY" ? ((instruction as Copy).getFromFlag()?.getValue() ?? null) : null;
    const step = readStep(keyword, instruction.getRawArgumentsContent() ?? "", words, from);
    if (step !== null) stages.at(-1)?.steps.push(step);
  }
  return stages;
}

function readStep(keyword: string, raw: string, words: readonly string[], from: string | null): Step | null {
  switch (keyword) {
    case "RUN":
      return { kind: "run", command: raw.replaceAll(/\\\n/g, " ") };
    case "COPY": {
      const paths = raw.split(/\s+/).filter((word) => word !== "" && !word.startsWith("--"));
      return { kind: "copy", from, sources: paths.slice(0, -1), target: paths.at(-1) ?? "" };
    }
    case "WORKDIR":
    case "USER":
      return { kind: keyword === "USER" ? "user" : "workdir", value: words[0] ?? "" };
    case "ENV":
      return {
        kind: "env",
        values: Object.fromEntries(raw.split(/\s+/).map((pair) => splitOnce(pair, "="))),
      };
    case "CMD":
    case "ENTRYPOINT":
      return { kind: keyword === "CMD" ? "command" : "entrypoint", words: parseWords(raw) };
    case "HEALTHCHECK":
      return { kind: "health", words: parseWords(raw.slice(raw.indexOf("["))) };
    default:
      if (silent.includes(keyword)) return null;
      throw new Error(`${keyword} is not known here`);
  }
}

function parseWords(raw: string): string[] {
  return JSON.parse(raw) as string[];
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Whether a file of the folder is left out of what is built from. The last rule that says something of it counts. */
export function isIgnored(path: string, rules: readonly string[]): boolean {
  let ignored = false;
  for (const rule of rules) {
    if (rule === "" || rule.startsWith("#")) continue;
    const keeps = rule.startsWith("!");
    if (matches(path, keeps ? rule.slice(1) : rule)) ignored = !keeps;
  }
  return ignored;
}

/** A rule names a file or a folder with what is in it. */
function matches(path: string, rule: string): boolean {
  const pattern = rule
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*\*\/|\*\*|\*/g, (stars) => ({ "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*" })[stars] ?? "");
  return new RegExp(`^${pattern}(?:/.*)?$`).test(path);
}

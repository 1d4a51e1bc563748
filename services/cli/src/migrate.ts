import { ConfigError } from "@rookery/runtime";
import { migrateDown, migrateUp, migrationStatus } from "@rookery/store";
import { type Command, parseFlags } from "./command.ts";
import { withDatabase } from "./database.ts";

const stepsMax = 1_000;

export const migrate: Command = {
  name: "migrate",
  summary: "brings the database's schema up or down, or tells where it is",
  usage: [
    "Usage: rookery migrate up|down|status [flags]",
    "",
    "  up       applies every step that is missing",
    "  down     takes back the newest step, with what it holds",
    "  status   lists the steps, and when each was applied",
    "",
    "  --steps  how many `down` takes back (1)",
    "  --data   data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const { values, positionals } = parseFlags(args, ["data", "steps"]);
    const [action, ...rest] = positionals;
    if (rest.length > 0 || !isAction(action)) {
      throw new ConfigError(`say what to do: ${Object.keys(actions).join(", ")}`);
    }
    const steps = Number(values["steps"] ?? 1);
    if (!Number.isInteger(steps) || steps < 1 || steps > stepsMax) {
      throw new ConfigError(`--steps=${values["steps"]} must be a whole number from 1 to ${stepsMax}`);
    }
    const lines = await withDatabase({ data: values["data"], env }, ({ url }) => actions[action](url, steps));
    process.stdout.write(`${lines.join("\n")}\n`);
    return 0;
  },
};

const actions = {
  up: async (url: string): Promise<string[]> => {
    const { applied } = await migrateUp(url);
    return applied.length === 0 ? ["nothing to apply"] : applied.map((name) => `applied ${name}`);
  },
  down: async (url: string, steps: number): Promise<string[]> => {
    const { reverted } = await migrateDown(url, steps);
    return reverted.length === 0 ? ["nothing to take back"] : reverted.map((name) => `took back ${name}`);
  },
  status: async (url: string): Promise<string[]> => {
    const all = await migrationStatus(url);
    return all.map(({ name, appliedAt }) => `${name.padEnd(24)} ${appliedAt?.toISOString() ?? "missing"}`);
  },
};

function isAction(text: string | undefined): text is keyof typeof actions {
  return text !== undefined && Object.hasOwn(actions, text);
}

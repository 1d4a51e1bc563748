import { readPrivateUrls } from "@rookery/local";
import { ConfigError, type Env, readText } from "@rookery/runtime";
import { type Command, parseFlags } from "./command.ts";
import { encodeFindings, type Finding } from "./doctor/finding.ts";
import { checkMachine } from "./doctor/machine.ts";
import { checkServers } from "./doctor/server.ts";
import { checkSettings } from "./doctor/setting.ts";
import { readUpConfig, upFlags } from "./up-config.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "tells what is missing on this machine, and how to get it",
  usage: [
    "Usage: rookery doctor [flags]",
    "",
    "Looks at what a start with the same flags and variables needs: Node, programs of the servers or those that are named,",
    "open files, disk, ports, the data folder, keys, PUBLIC_URL, the clock. Starts nothing, makes nothing, fetches nothing.",
    "A line a finding: ok, warning (it starts, and something is not as it should be) or missing (it does not start).",
    "Exit 1 when something is missing.",
    "",
    "  --json   as JSON",
    "  and the flags of rookery up",
    "",
  ].join("\n"),

  async run(args, env) {
    const names = upFlags.map(({ flag }) => flag);
    const { values, switches, positionals } = parseFlags(args, names, ["json"]);
    if (positionals.length > 0)
      throw new ConfigError(`there is nothing called ${positionals[0]}; see --help`);
    const findings = await examine(values, env);
    const text = switches.has("json") ? JSON.stringify(findings) : encodeFindings(findings).join("\n");
    process.stdout.write(`${text}\n`);
    return findings.some(({ state }) => state === "missing") ? 1 : 0;
  },
};

async function examine(values: Readonly<Record<string, string>>, env: Env): Promise<Finding[]> {
  const config = readUpConfig(values, env);
  const { databaseUrl } = await readPrivateUrls(config.dataDir);
  // A private Postgres that runs is asked too.
  const named = databaseUrl !== undefined && readText(env, "DATABASE_URL", "") === "";
  const [machine, servers, settings] = await Promise.all([
    checkMachine(config),
    checkServers(config.dataDir, named ? { ...config.env, DATABASE_URL: databaseUrl } : config.env),
    checkSettings(config.dataDir, config.env),
  ]);
  return [...machine, ...servers, ...settings];
}

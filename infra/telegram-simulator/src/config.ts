import { parseArgs } from "node:util";
import { ConfigError, type Env, readInteger } from "@rookery/runtime";

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly timeScale: number;
  readonly seed: number;
  readonly hasLimits: boolean;
}

/** Flags: `--port` (else PORT), `--host`, `--time-scale`, `--seed`, `--limits on|off`. @throws ConfigError */
export function readConfig(args: readonly string[], env: Env): Config {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string" },
      host: { type: "string" },
      "time-scale": { type: "string" },
      seed: { type: "string" },
      limits: { type: "string" },
    },
  });
  const all: Env = { ...env, PORT: values.port ?? env["PORT"] };
  const timeScale = Number(values["time-scale"] ?? 1);
  if (!(timeScale > 0 && timeScale <= 1)) throw new ConfigError("--time-scale must be above 0 and at most 1");
  return {
    host: values.host ?? "127.0.0.1",
    port: readInteger(all, "PORT", { fallback: 8081, min: 0, max: 65_535 }),
    timeScale,
    seed: readInteger({ "--seed": values.seed }, "--seed", { fallback: 1, min: 0, max: 0xffff_ffff }),
    hasLimits: values.limits !== "off",
  };
}

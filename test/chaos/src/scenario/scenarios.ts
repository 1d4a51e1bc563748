import { ConfigError } from "@rookery/runtime";
import { autoscale } from "./autoscale.ts";
import { botApi } from "./bot-api.ts";
import { edgeLoss } from "./edge-loss.ts";
import { join } from "./join.ts";
import { logLoss } from "./log-loss.ts";
import { natsCluster } from "./nats-cluster.ts";
import { outage } from "./outage.ts";
import { rolling } from "./rolling.ts";
import type { Scenario } from "./scenario.ts";
import { stops } from "./stops.ts";
import { takeover } from "./takeover.ts";
import { telegram } from "./telegram.ts";
import { upgrade } from "./upgrade.ts";
import { webhooks } from "./webhooks.ts";

export const scenarios: readonly Scenario[] = [
  takeover,
  edgeLoss,
  rolling,
  outage,
  stops,
  join,
  logLoss,
  natsCluster,
  telegram,
  botApi,
  webhooks,
  upgrade,
  autoscale,
];

/** @throws ConfigError naming those there are. */
export function findScenario(name: string): Scenario {
  const found = scenarios.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new ConfigError(`there is no scenario "${name}": ${scenarios.map((each) => each.name).join(", ")}`);
}

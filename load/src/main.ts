#!/usr/bin/env node
import { ConfigError } from "@rookery/runtime";
import { runGenerator } from "./generator/generator.ts";
import { runHookSink } from "./hook-sink.ts";
import { botApiUsage, runBotApi } from "./scenario/bot-api.ts";
import { botPollsUsage, runBotPolls } from "./scenario/bot-polls.ts";
import { broadcastUsage, runBroadcast } from "./scenario/broadcast.ts";
import { runControl } from "./scenario/control.ts";
import { directUsage, runDirect } from "./scenario/direct.ts";
import { fanOutUsage, runFanOut } from "./scenario/fan-out.ts";
import { latencyUsage, runLatency } from "./scenario/latency.ts";
import { profileUsage, runProfile } from "./scenario/profile.ts";
import { receiptsUsage, runReceipts } from "./scenario/receipts.ts";
import { runSmoke, smokeUsage } from "./scenario/smoke.ts";
import { runSockets } from "./scenario/sockets.ts";
import { socketsUsage } from "./scenario/sockets-config.ts";
import { runTelegram, telegramUsage } from "./scenario/telegram.ts";
import { idleUsage, runIdle } from "./scenario/idle.ts";
import { overloadUsage, runOverload } from "./scenario/overload.ts";
import { startUsage, runStart } from "./scenario/start.ts";
import { stormUsage, runStorm } from "./scenario/storm.ts";
import { growthUsage, runGrowth } from "./scenario/growth.ts";
import { manyUsage, runMany } from "./scenario/many.ts";
import { reconnectsUsage, runReconnects } from "./scenario/reconnects.ts";
import { allUsage, runAll, runTable, tableUsage } from "./scenario/table.ts";
import { runWebhooks, webhooksUsage } from "./scenario/webhooks.ts";
import { runTelegramHang, telegramHangUsage } from "./scenario/telegram-hang.ts";

interface Scenario {
  readonly run: (args: readonly string[]) => Promise<number>;
  readonly usage?: string;
}

const scenarios: Readonly<Record<string, Scenario>> = {
  smoke: { run: runSmoke, usage: smokeUsage },
  sockets: { run: runSockets, usage: socketsUsage },
  "fan-out": { run: runFanOut, usage: fanOutUsage },
  direct: { run: runDirect, usage: directUsage },
  latency: { run: runLatency, usage: latencyUsage },
  idle: { run: runIdle, usage: idleUsage },
  overload: { run: runOverload, usage: overloadUsage },
  start: { run: runStart, usage: startUsage },
  reconnects: { run: runReconnects, usage: reconnectsUsage },
  storm: { run: runStorm, usage: stormUsage },
  growth: { run: runGrowth, usage: growthUsage },
  many: { run: runMany, usage: manyUsage },
  receipts: { run: runReceipts, usage: receiptsUsage },
  broadcast: { run: runBroadcast, usage: broadcastUsage },
  telegram: { run: runTelegram, usage: telegramUsage },
  webhooks: { run: runWebhooks, usage: webhooksUsage },
  "bot-api": { run: runBotApi, usage: botApiUsage },
  "bot-polls": { run: runBotPolls, usage: botPollsUsage },
  profile: { run: runProfile, usage: profileUsage },
  all: { run: runAll, usage: allUsage },
  table: { run: runTable, usage: tableUsage },
  "telegram-hang": { run: runTelegramHang, usage: telegramHangUsage },
  // Started by the scenarios themselves: what serves the comparison, and what holds the sockets.
  control: { run: runControl },
  generate: { run: runGenerator },
  sink: { run: runHookSink },
};

const [name = "", ...args] = process.argv.slice(2);
const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
if (scenario === undefined || args.includes("--help")) {
  const shown = scenario === undefined ? Object.values(scenarios) : [scenario];
  process.stderr.write(`${shown.flatMap(({ usage }) => usage ?? []).join("\n\n")}\n`);
  process.exitCode = args.includes("--help") || name === "--help" ? 0 : 1;
} else {
  try {
    process.exitCode = await scenario.run(args);
  } catch (error) {
    const isRefusal = error instanceof ConfigError || error instanceof TypeError;
    process.stderr.write(`${isRefusal ? error.message : String((error as Error).stack)}\n`);
    process.exitCode = 1;
  }
}

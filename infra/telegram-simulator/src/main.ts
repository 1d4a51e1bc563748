import { runProcess } from "@rookery/runtime";
import { readConfig } from "./config.ts";
import { demoBot } from "./demo.ts";
import { startTelegramSimulator } from "./simulator.ts";

/** Ids go up from start to start, as Telegram's do: who keeps them apart by id must not see one twice. */
const firstId = Math.floor(Date.now() / 1_000);

await runProcess("telegram-simulator", async (env, log) => {
  const config = readConfig(process.argv.slice(2), env);
  const { host, port, timeScale, seed } = config;
  const limits = config.hasLimits ? {} : { limits: null };
  const simulator = await startTelegramSimulator({ host, port, timeScale, seed, firstId, ...limits });
  simulator.addBot(demoBot);
  log.info({ url: simulator.url, controlUrl: simulator.controlUrl }, "a simulated Telegram");
  return simulator;
});

import { runProcess } from "@rookery/runtime";
import { readConfig } from "./config.ts";
import { startWorker } from "./worker.ts";

await runProcess("worker", (env, log) => startWorker(readConfig(env), log));

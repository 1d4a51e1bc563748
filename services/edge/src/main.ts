import { runProcess } from "@rookery/runtime";
import { readConfig } from "./config.ts";
import { startEdge } from "./edge.ts";

await runProcess("edge", (env, log) => startEdge(readConfig(env), env, log));

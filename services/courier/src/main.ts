import { runProcess } from "@rookery/runtime";
import { readConfig } from "./config.ts";
import { startCourier } from "./courier.ts";

await runProcess("courier", (env, log) => startCourier(readConfig(env), env, log));

/**
 * Preloaded into a server that is to be weighed (`--import`): on SIGUSR2 it collects all garbage. What V8 has not got
 * round to collecting is not what a socket costs.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (how: { type: "major"; flavor: "last-resort" }) => void;

// The last resort also gives back the nursery, up to 32 MB, which any other collection leaves for later.
process.on("SIGUSR2", () => collect({ type: "major", flavor: "last-resort" }));

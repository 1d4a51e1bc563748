/**
 * Loaded with `--import …/install.ts?plant=<name>` before a process's own code: patches the sources of that plant as
 * they are loaded, says so on standard error, and ends the process when a text is not where it was.
 */
import { registerHooks } from "node:module";
import { patch } from "./patch.ts";
import { findPlant, plantedLine, repositoryUrl } from "./plants.ts";

const plant = findPlant(new URL(import.meta.url).searchParams.get("plant") ?? "");

registerHooks({
  load(url, context, nextLoad) {
    const result = nextLoad(url, context);
    const edits = plant.edits.filter(({ file }) => new URL(file, repositoryUrl).href === url);
    if (edits.length === 0 || result.source === undefined || result.source === null) return result;
    const text = typeof result.source === "string" ? result.source : new TextDecoder().decode(result.source);
    const source = patch(url, text, edits);
    process.stderr.write(`${plantedLine(plant, edits.length)}\n`);
    return { ...result, source };
  },
});

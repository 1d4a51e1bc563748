import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { join } from "node:path";

/** A list that is also a file of JSON lines, for whoever looks into a run afterwards. */
export interface Journal<Entry> {
  readonly entries: readonly Entry[];
  add(entry: Entry): void;
  close(): Promise<void>;
}

/** Lines are written so many at a time. */
const linesMax = 200;

/** Opens the journal `<folder>/<name>.jsonl`. */
export function openJournal<Entry>(folder: string, name: string): Journal<Entry> {
  const entries: Entry[] = [];
  const file = createWriteStream(join(folder, `${name}.jsonl`), { flags: "a" });
  // A full disk must not end the run: what counts is in memory.
  file.on("error", () => undefined);
  let written = 0;
  const flush = (): void => {
    const lines = entries.slice(written).map((entry) => `${JSON.stringify(entry)}\n`);
    written = entries.length;
    if (lines.length > 0) file.write(lines.join(""));
  };
  return {
    entries,
    add(entry) {
      entries.push(entry);
      if (entries.length - written >= linesMax) flush();
    },
    async close() {
      flush();
      file.end();
      await finished(file).catch(() => undefined);
    },
  };
}

/** For developers: hears that a source of ours has changed, and has the processes replaced once it is quiet. */
import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";

/** Editors write a file in several steps, git many files: what comes within this is one change. */
const quietMs = 300;

export interface SourceWatch {
  /** Resolves when a replacement under way is over. */
  close(): Promise<void>;
}

/**
 * Calls `onChange` after sources below the folders have changed and been left alone; what changes while it runs is answered by
 * one more call.
 */
export function watchSources(parts: {
  readonly folders: readonly string[];
  readonly onChange: (file: string) => Promise<void>;
  readonly onError: (error: unknown) => void;
}): SourceWatch {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let changed: string | undefined;
  let closed = false;

  const run = async (): Promise<void> => {
    while (changed !== undefined && !closed) {
      const file = changed;
      changed = undefined;
      try {
        await parts.onChange(file);
      } catch (error) {
        parts.onError(error);
      }
    }
    running = undefined;
  };
  const watchers: FSWatcher[] = parts.folders.map((folder) =>
    watch(folder, { recursive: true }, (_event, name) => {
      if (name === null || !isSource(name)) return;
      changed = name;
      clearTimeout(timer);
      timer = setTimeout(() => {
        running ??= run();
      }, quietMs);
    }),
  );
  for (const watcher of watchers) watcher.on("error", parts.onError);

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      await running;
    },
  };
}

/** What a process runs: TypeScript, SQL and JSON, and none of what editors leave beside a file. */
function isSource(path: string): boolean {
  return /\.(ts|sql|json)$/.test(path) && !/^[.#]/.test(basename(path)) && !path.includes("node_modules");
}

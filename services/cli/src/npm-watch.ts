import { readFile } from "node:fs/promises";
import { isAlive, type ProcessIdentity, readProcess } from "@rookery/local";

const pollMs = 500;
const ancestorsMax = 8;

/**
 * Calls `onGone` once when the npm that started this process has ended without telling it.
 *
 * npm forwards signals it gets, but `kill -9` of it leaves us running with nobody to stop us. Everything between
 * us and npm (a shell) is watched too, for it forwards nothing. Does nothing when not started by npm.
 */
export async function watchNpm(onGone: () => void): Promise<void> {
  const watched = await findAncestorsToNpm();
  if (watched.length === 0) return;
  const timer = setInterval(() => {
    void Promise.all(watched.map(isAlive)).then((alive) => {
      if (alive.every(Boolean)) return;
      clearInterval(timer);
      onGone();
    });
  }, pollMs);
  timer.unref();
}

async function findAncestorsToNpm(): Promise<readonly ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  let pid = process.ppid;
  while (pid > 1 && found.length < ancestorsMax) {
    const stat = await readProcess(pid);
    if (stat === undefined) return [];
    found.push({ pid, startTick: stat.startTick });
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split(/[\0 ]/);
    if (words.some((word) => /(^|\/)(npm|npx)(-cli\.js)?$/.test(word))) return found;
    pid = stat.parentPid;
  }
  return [];
}

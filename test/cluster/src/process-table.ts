/** What Linux says about processes: how a stranger checks that nothing is left. */
import { readdirSync, readFileSync } from "node:fs";

/** A process that still runs; one that ended and waits for its parent (a zombie) does not. */
export function isAlive(pid: number): boolean {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  if (stat === "") return false;
  return !["Z", "X"].includes(stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "X");
}

/** Every living process whose command line or environment names that text; this process is not counted. */
export function processesNaming(text: string): { readonly pid: number; readonly command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid || !isAlive(pid)) continue;
    const command = readOrNothing(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
    if (command.includes(text) || readOrNothing(`/proc/${pid}/environ`).includes(text)) {
      found.push({ pid, command });
    }
  }
  return found;
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // The process ended between the listing and the reading.
    return "";
  }
}

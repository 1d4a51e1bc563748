import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The user a program runs as when it refuses to be root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * How this machine ties children to the life of their parent.
 *
 * `setpriv --pdeathsig` makes the kernel itself signal the child when the parent dies, so it works after
 * `kill -9` and on a child that is stopped, and since `setpriv` execs, the pid spawned is the pid of the program.
 */
export interface Tether {
  readonly canSignal: boolean;
  /** An account without root's rights can keep the one to reach files in folders closed to it. */
  readonly canReach: boolean;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly account?: Account;
}

const reachArgs = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];

/** Asks what the machine's `setpriv` can do, by doing it. */
export function readTether(): Tether {
  const canSignal = succeeds(["--pdeathsig", "KILL"]);
  const isRoot = process.getuid?.() === 0;
  const canReach = canSignal && isRoot && succeeds([...accountArgs(readServiceAccount()), ...reachArgs]);
  return { canSignal, canReach };
}

/** The command that runs `command` tied to us: when we die, the kernel sends it `deathSignal` (without "SIG"). */
export function tie(tether: Tether, deathSignal: "KILL" | "QUIT" | "TERM", command: Command): Command {
  if (!tether.canSignal) return command;
  const { account } = command;
  const args = [
    ...(account === undefined ? [] : accountArgs(account)),
    ...(account !== undefined && tether.canReach ? reachArgs : []),
    // Last, because a change of user clears it.
    "--pdeathsig",
    deathSignal,
    "--",
    command.command,
    ...command.args,
  ];
  return { command: "setpriv", args };
}

/** Postgres refuses to run as root: the account it takes then is `postgres`, or `nobody` where there is none. */
export function readServiceAccount(): Account {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(":");
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  return { uid: 65_534, gid: 65_534 };
}

function accountArgs(account: Account): string[] {
  return [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
}

function succeeds(args: readonly string[]): boolean {
  try {
    execFileSync("setpriv", [...args, "--", "true"], { stdio: "ignore", timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

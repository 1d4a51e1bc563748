/** Runs an image's process as a container would be run: its user, a root that cannot be written but for its volume, nothing of ours. */
import { type ChildProcess, spawn } from "node:child_process";
import { readTether, signalQuietly, tie } from "@rookery/local";
import type { Image } from "./image.ts";

export interface Container {
  /** Of the process itself, as this machine sees it. */
  readonly exited: Promise<number | null>;
  readonly output: () => string;
  /** SIGTERM, as an engine does; resolves with its exit code. */
  stop(): Promise<number | null>;
}

const outputCharsMax = 200_000;

/**
 * Starts it with the machine's network. `words` in place of the image's command. `folder` is shown at `/run/rookery`,
 * to be read.
 */
export function startContainer(
  image: Image,
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly folder: string;
    /** Shown at `/var/lib/rookery`, to be written: the volume. */
    readonly volume: string;
    readonly words?: readonly string[];
    /** In place of entry point and command. */
    readonly exec?: readonly string[];
  },
): Container {
  const words = options.exec ?? [...image.entrypoint, ...(options.words ?? image.command)];
  const [uid = "", gid = uid] = image.user.split(":");
  // Mounts are of this process alone. The root is bound on itself, for only a mount can be made read-only.
  const script = [
    "set -e; root=$0; keys=$1; volume=$2; workdir=$3; shift 3",
    'mount --bind "$root" "$root"; mkdir -p "$root/run/rookery"; mount --bind "$keys" "$root/run/rookery"',
    'mount -t proc proc "$root/proc"; mount -o remount,bind,ro "$root/run/rookery"; mount -o remount,bind,ro "$root"',
    'mount --bind "$volume" "$root/var/lib/rookery"',
    'shift 1; exec chroot "$root" /usr/bin/env -C "$workdir" setpriv --no-new-privs --bounding-set=-all --inh-caps=-all ' +
      `--reuid=${uid} --regid=${gid} --clear-groups "$@"`,
  ];
  const command = tie(readTether(), "KILL", {
    command: "unshare",
    args: [
      "--mount",
      "--propagation",
      "private",
      "bash",
      "-c",
      script.join("\n"),
      image.root,
      options.folder,
      options.volume,
      image.workdir,
      "--",
      ...words,
    ],
  });
  const child: ChildProcess = spawn(command.command, command.args, {
    env: { PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...image.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-outputCharsMax);
    });
  }
  const exited = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
  return {
    exited,
    output: () => output,
    async stop() {
      if (child.pid !== undefined) signalQuietly(child.pid, "SIGTERM");
      return await exited;
    },
  };
}

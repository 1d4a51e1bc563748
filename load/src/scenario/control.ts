/** The control server in a process of its own, started by the scenarios that measure themselves against it. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { startControlServer } from "../control-server.ts";
import { startSocketIoServer } from "../socket-io-server.ts";
import { collectOnSignal } from "../memory.ts";

/** What the child runs: serves until its parent goes. */
export async function runControl([kind]: readonly string[]): Promise<number> {
  const server = await (kind === "socket.io" ? startSocketIoServer() : startControlServer());
  process.send?.({ url: server.url });
  await once(process, "disconnect");
  process.exit(0);
}

export interface ControlProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly exited: Promise<unknown>;
  close(): Promise<void>;
}

export async function startControl(kind: "bare" | "socket.io" = "bare"): Promise<ControlProcess> {
  const child = fork(new URL("../main.ts", import.meta.url), ["control", kind], {
    execArgv: [...process.execArgv, "--import", collectOnSignal],
  });
  const exited = once(child, "exit");
  const first = await Promise.race([
    once(child, "message").then(([message]: { url?: string }[]) => message?.url),
    exited.then(() => undefined),
  ]);
  if (first === undefined) throw new Error("the control server did not start");
  return {
    url: first,
    pid: child.pid ?? 0,
    exited,
    async close() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

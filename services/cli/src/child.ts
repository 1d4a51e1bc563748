import type { ChildProcess } from "node:child_process";
import type { Program } from "@rookery/local";
import type { Env, ReadyMessage } from "@rookery/runtime";

export type Role = "edge" | "worker" | "courier";

export interface ChildPlan {
  /** `edge-0`, `worker-1`, … */
  readonly node: string;
  readonly file: string;
  readonly env: Env;
  readonly stopMsMax: number;
}

/** The program of one node process: told apart by its name, heard over its IPC channel. */
export function planChild(plan: ChildPlan): Program {
  return {
    name: plan.node,
    command: { command: process.execPath, args: [plan.file] },
    env: { ...plan.env, ROOKERY_NODE: plan.node },
    // Standard output belongs to the ready lines.
    stdio: ["ignore", 2, 2, "ipc"],
    deathSignal: "KILL",
    ready: awaitReady,
    readyMsMax: 60_000,
    stopSignal: "SIGTERM",
    stopMsMax: plan.stopMsMax,
  };
}

async function awaitReady(child: ChildProcess, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.on("message", (message) => {
      if (isReady(message)) resolve();
    });
    signal.addEventListener("abort", () => reject(new Error("it sent no ready message")), { once: true });
  });
}

function isReady(message: unknown): message is ReadyMessage {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "ready";
}

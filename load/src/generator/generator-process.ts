/** The parent's side of a generator: a process of its own, for its own 20,000 file descriptors and its own core. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Pace, PhaseReport } from "../drive.ts";
import type { Answer, AnswerOf, Order } from "./order.ts";

export interface GeneratorProcess {
  readonly pid: number;
  open(stage: Omit<Extract<Order, { kind: "open" }>, "kind">): Promise<AnswerOf<"opened">>;
  /** `chats`: from and to, of those of the stage; all of them if not given. */
  drive(
    name: string,
    messages: number,
    pace: Pace,
    chats?: readonly [from: number, to: number],
  ): Promise<PhaseReport>;
  /** Cuts all sockets and opens them again. */
  storm(opensMax: number): Promise<AnswerOf<"opened">>;
  /** Closes the sockets. @returns those that had ended unasked. */
  close(): Promise<readonly string[]>;
  /** Ends the process, sockets and all. */
  end(): Promise<void>;
}

export function startGenerator(name: string, tell: (line: string) => void): GeneratorProcess {
  const child = fork(new URL("../main.ts", import.meta.url), ["generate"]);
  const exited = once(child, "exit");

  async function ask<K extends Answer["kind"]>(order: Order, kind: K): Promise<AnswerOf<K>> {
    const answer = answerOf(child, (line) => tell(`${name}: ${line}`));
    child.send(order);
    const given = await Promise.race([
      answer,
      exited.then(() => ({ kind: "failed", reason: "it ended" }) as const),
    ]);
    if (given.kind === kind) return given as AnswerOf<K>;
    throw new Error(`the generator of ${name}: ${given.kind === "failed" ? given.reason : given.kind}`);
  }

  return {
    pid: child.pid ?? 0,
    open: (stage) => ask({ kind: "open", ...stage }, "opened"),
    drive: async (phase, messages, pace, chats) =>
      (await ask({ kind: "drive", name: phase, messages, pace, chats }, "driven")).report,
    storm: (opensMax) => ask({ kind: "storm", opensMax }, "opened"),
    close: async () => (await ask({ kind: "close" }, "closed")).lost,
    async end() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** The next answer that is more than progress. */
function answerOf(child: ChildProcess, onProgress: (line: string) => void): Promise<Answer> {
  return new Promise((resolve) => {
    const listen = (answer: Answer): void => {
      if (answer.kind === "progress") return onProgress(answer.line);
      child.off("message", listen);
      resolve(answer);
    };
    child.on("message", listen);
  });
}

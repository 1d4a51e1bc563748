/** The child: holds a stage and does what it is ordered, one order at a time. */
import { drive, type Stage } from "../drive.ts";
import { closeStage, openStage, type StageDoor } from "../stage.ts";
import type { Answer, Order } from "./order.ts";

const progressEveryMs = 1_000;

/** Serves its parent over IPC; ends with it. */
export function runGenerator(): Promise<number> {
  let stage: Stage | undefined;
  let doors: readonly StageDoor[] = [];
  const say = (answer: Answer): void => void process.send?.(answer);

  const obey = async (order: Order): Promise<Answer> => {
    if (order.kind === "open") {
      doors = order.doors;
      stage = await openStage(doors, order.chats, {
        opensMax: order.opensMax,
        onOpen: thinned((count) => say({ kind: "progress", line: `${count} of ${doors.length} open` })),
      });
      const { sockets, openMs, hellos } = stage;
      return { kind: "opened", sockets: sockets.length, openMs, hellos };
    }
    if (stage === undefined) throw new Error(`${order.kind} before open`);
    if (order.kind === "drive") {
      const timer = setInterval(tellDrive, progressEveryMs, stage, order.messages, say);
      try {
        return { kind: "driven", report: await drive(stage, order.name, order.messages, order) };
      } finally {
        clearInterval(timer);
      }
    }
    if (order.kind === "storm") {
      const { chats, lost } = stage;
      for (const socket of stage.sockets) socket.cut();
      stage = await openStage(doors, chats, { opensMax: order.opensMax });
      stage.lost.push(...lost);
      const { sockets, openMs, hellos } = stage;
      return { kind: "opened", sockets: sockets.length, openMs, hellos };
    }
    await closeStage(stage);
    return { kind: "closed", lost: stage.lost };
  };

  process.on("message", (order: Order) => {
    obey(order).then(say, (error: unknown) =>
      say({ kind: "failed", reason: String((error as Error).stack ?? error) }),
    );
  });
  return new Promise((resolve) => {
    // Without its parent nobody reads the figures; open sockets would keep it.
    process.once("disconnect", () => {
      resolve(0);
      process.exit(0);
    });
  });
}

function tellDrive({ ledger, lost }: Stage, messages: number, say: (answer: Answer) => void): void {
  if (ledger === undefined) return;
  const { ackCount, deliveryCount, deliveriesDue } = ledger;
  const line = `${ackCount} of ${messages} acked, ${deliveryCount} of ${deliveriesDue} delivered, ${lost.length} sockets lost`;
  say({ kind: "progress", line });
}

function thinned(tell: (count: number) => void): (count: number) => void {
  let lastMs = 0;
  return (count) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < progressEveryMs) return;
    lastMs = nowMs;
    tell(count);
  };
}

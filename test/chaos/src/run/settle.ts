/** The end of a run: everything is answered, healed and applied, or has had its time. */
import { openBus } from "@rookery/bus";
import { commandLogName, subjects } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import type { Rig } from "../cluster/rig.ts";
import { readApplied, readTruth, type StoredOffset, type Truth } from "../journal/truth.ts";
import { pause } from "../pause.ts";
import type { Traffic } from "./traffic.ts";

/** Sends that are still open get this long after the last fault. */
const answerMsMax = 30_000;
/** The cluster is quiet for so long before a reader that lacks something counts as behind. */
const quietMs = 10_000;
const pollMs = 200;

/** Stops the traffic and waits until nothing is under way, as long as that may take. @returns what Postgres holds then. */
export async function settle(rig: Rig, traffic: Traffic, answerMs = answerMsMax): Promise<Truth> {
  await traffic.stopSending(answerMs);
  const untilMs = performance.now() + quietMs;
  await traffic.awaitReaders(quietMs);
  for (;;) {
    const offsets = await readOffsets(rig);
    const truth = await readTruth(rig.store);
    const isAtRest =
      truth.relays.length === 0 && offsets.every(({ lastSeq, appliedSeq }) => lastSeq === appliedSeq);
    if (isAtRest || performance.now() > untilMs) return { ...truth, offsets };
    await pause(pollMs);
  }
}

/** Each shard's offset beside the end of its log. */
async function readOffsets(rig: Rig): Promise<StoredOffset[]> {
  const log = openLog("chaos", { LOG_LEVEL: "silent" });
  const bus = await openBus({ url: rig.servers.nats.url, name: "chaos", log });
  try {
    const commands = await bus.openLog(commandLogName);
    const applied = await readApplied(rig.store);
    return await Promise.all(
      applied.map(async (row) => ({ ...row, lastSeq: await commands.lastSeq(subjects.commands(row.shard)) })),
    );
  } finally {
    await bus.close();
  }
}

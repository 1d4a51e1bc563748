import type { Log, Tracer } from "@rookery/runtime";
import type { ShardPlan } from "./plan.ts";

/**
 * Tells of each command what became of it, under the id of the request that asked for it, so that a request is followed
 * from process to process. At `debug`: thousands a second are nothing to read otherwise. Never what is in them.
 */
export function traceCommands(log: Log, plans: readonly ShardPlan[]): void {
  if (!log.isLevelEnabled("debug")) return;
  for (const { shard, commands, replies } of plans) {
    const answers = new Map(replies.map(({ edge, ref, reply }) => [`${edge}/${ref}`, reply]));
    for (const { command, key: actor, edge, seq } of commands) {
      const reply = answers.get(`${edge}/${command.ref}`);
      log.debug(
        {
          requestId: command.requestId,
          command: command.command.kind,
          actor,
          uuid: command.uuid,
          shard: shard.id,
          epoch: shard.epoch,
          seq,
          ...(reply?.kind === "refused" ? { refused: reply.fault.code } : {}),
          ...(reply?.kind === "done" && reply.duplicate ? { duplicate: true } : {}),
        },
        "a command is committed",
      );
    }
  }
}

/** The commit of each command as a span of its message's trace: how long it took, and where. */
export function noteCommits(tracer: Tracer, plans: readonly ShardPlan[], startedMs: number): void {
  const [startMs, endMs] = [startedMs, performance.now()].map((each) => performance.timeOrigin + each);
  for (const { shard, commands } of plans) {
    for (const { command, seq } of commands) {
      tracer.note({
        stage: "commit",
        senderId: command.senderId,
        uuid: command.uuid,
        startMs: startMs ?? 0,
        endMs: endMs ?? 0,
        attributes: {
          "rookery.command": command.command.kind,
          "rookery.shard": shard.id,
          "rookery.epoch": shard.epoch,
          "rookery.log_seq": seq,
        },
      });
    }
  }
}

/**
 * How late a shard is, in seconds instead of messages. Its owner knows where the log ends and what is applied; noted from
 * time to time, the oldest end that is not yet reached tells since when it has been waited for. Pure.
 */
interface Mark {
  readonly lastSeq: number;
  readonly atMs: number;
}

/** Of one shard; beyond it every second one is dropped, for what is so late need not be known to the second. */
const marksMax = 120;

export class LagClock {
  readonly #marks = new Map<number, Mark[]>();

  /** Notes where the shards are now; those that are not named are forgotten. @returns the latest one's seconds. */
  note(
    shards: readonly { readonly shard: number; readonly appliedSeq: number; readonly lag: number }[],
    nowMs: number,
  ): number {
    const named = new Set(shards.map(({ shard }) => shard));
    for (const shard of this.#marks.keys()) if (!named.has(shard)) this.#marks.delete(shard);
    let worstMs = 0;
    for (const { shard, appliedSeq, lag } of shards) {
      const open = (this.#marks.get(shard) ?? []).filter((mark) => mark.lastSeq > appliedSeq);
      if (lag > 0 && (open.at(-1)?.lastSeq ?? 0) < appliedSeq + lag) {
        open.push({ lastSeq: appliedSeq + lag, atMs: nowMs });
      }
      this.#marks.set(shard, open.length > marksMax ? open.filter((_, index) => index % 2 === 0) : open);
      worstMs = Math.max(worstMs, nowMs - (open[0]?.atMs ?? nowMs));
    }
    return worstMs / 1_000;
  }
}

import type { Role } from "../cluster/member.ts";
import type { CounterName } from "../journal/tally.ts";
import type { Deed } from "../nemesis/fault.ts";
import type { FaultSource } from "../nemesis/plan.ts";
import { ackBeforeCommit } from "./ack-before-commit.ts";
import { discardBeforeFlush } from "./discard-before-flush.ts";
import { forgetfulAck } from "./forgetful-ack.ts";
import { halfAChange } from "./half-a-change.ts";
import { joinUntold } from "./join-untold.ts";
import { lostChange } from "./lost-change.ts";
import { lostFanOut } from "./lost-fan-out.ts";
import { noFence } from "./no-fence.ts";
import { noIdempotence } from "./no-idempotence.ts";
import { offsetOffByOne } from "./offset-off-by-one.ts";
import type { Edit } from "./patch.ts";
import { receiptBack } from "./receipt-back.ts";
import { staleOffset } from "./stale-offset.ts";
import { syncBehindHead } from "./sync-behind-head.ts";

/** A bug of ours that the checker must find. */
export interface Plant {
  readonly name: string;
  /** What is broken, in words. */
  readonly text: string;
  /** The processes it is planted in; each loads every file of it. */
  readonly roles: readonly Role[];
  readonly edits: readonly Edit[];
  /** It counts as caught by any of these. */
  readonly caughtBy: readonly CounterName[];
  /** The run that catches it. */
  readonly seed: number;
  readonly faults: number;
  /** Faults of these sources only, where others would only take time. */
  readonly only: readonly FaultSource[];
  readonly deed?: Deed;
}

export const plants: readonly Plant[] = [
  ackBeforeCommit,
  noFence,
  noIdempotence,
  offsetOffByOne,
  lostFanOut,
  staleOffset,
  discardBeforeFlush,
  syncBehindHead,
  forgetfulAck,
  joinUntold,
  lostChange,
  halfAChange,
  receiptBack,
];

/** @throws Error naming the plants there are. */
export function findPlant(name: string): Plant {
  const plant = plants.find((each) => each.name === name);
  if (plant !== undefined) return plant;
  throw new Error(`there is no plant "${name}"; there are ${plants.map((each) => each.name).join(", ")}`);
}

/** What a process imports first to have the bug. */
export function plantUrl(name: string): string {
  const url = new URL("install.ts", import.meta.url);
  url.searchParams.set("plant", name);
  return url.href;
}

export const repositoryUrl = new URL("../../../../", import.meta.url);

/** What a process says for each file it has loaded with the bug in it. */
export function plantedLine({ name }: Plant, edits: number): string {
  return `planted ${name}: ${edits} edits`;
}

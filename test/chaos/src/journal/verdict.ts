import { checkChanges } from "./check-change.ts";
import { checkReaders } from "./check-reader.ts";
import { checkSenders } from "./check-sender.ts";
import { checkStore } from "./check-store.ts";
import type { Journals } from "./entry.ts";
import { Tally, type Verdict } from "./tally.ts";
import type { Truth } from "./truth.ts";

/**
 * Judges a run by what its clients wrote down and what Postgres holds at the end, once every message has been
 * answered and the cluster has been left in peace. Pure.
 */
export function judge(journals: Journals, truth: Truth): Verdict {
  const tally = new Tally();
  checkStore(truth, tally);
  checkSenders(journals, truth, tally);
  checkChanges(journals, truth, tally);
  checkReaders(journals, truth, tally);
  return tally.close();
}

/**
 * The books of updates that were posted: each must be answered with 200 and come once, by one socket, to one chat for each
 * person, in the order in which that person spoke. Pure; times are arguments.
 */
import { createTimeHistogram, type Percentiles } from "./histogram.ts";

const faultsShownMax = 10;

export interface UpdateReport {
  readonly updates: number;
  /** Post to its answer, which comes after the commit. */
  readonly answers: Percentiles;
  /** Post to the frame at the socket of the bot's owner. */
  readonly frames: Percentiles;
  readonly faultCount: number;
  /** The first few. */
  readonly faults: readonly string[];
}

export interface UpdateBook {
  posted(uuid: string, person: number, atMs: number): void;
  answered(uuid: string, status: number, atMs: number): void;
  delivered(
    message: { readonly chatId: number; readonly seq: number; readonly uuid: string },
    atMs: number,
  ): void;
  readonly answerCount: number;
  readonly frameCount: number;
  /** Ends the run: complains also about what never came. */
  close(): UpdateReport;
}

interface Posted {
  readonly person: number;
  /** Which of the person's. */
  readonly turn: number;
  readonly atMs: number;
  answered: boolean;
  frames: number;
}

interface Seen {
  readonly person: number;
  turn: number;
  seq: number;
}

export function openUpdateBook(): UpdateBook {
  const answers = createTimeHistogram();
  const frames = createTimeHistogram();
  const posted = new Map<string, Posted>();
  const turns = new Map<number, number>();
  const chats = new Map<number, Seen>();
  const faults: string[] = [];
  let faultCount = 0;
  let answerCount = 0;
  let frameCount = 0;

  function complain(fault: string): void {
    faultCount++;
    if (faults.length < faultsShownMax) faults.push(fault);
  }

  return {
    posted(uuid, person, atMs) {
      const turn = (turns.get(person) ?? 0) + 1;
      turns.set(person, turn);
      posted.set(uuid, { person, turn, atMs, answered: false, frames: 0 });
    },
    answered(uuid, status, atMs) {
      answerCount++;
      const entry = posted.get(uuid);
      if (entry === undefined) return complain(`an answer for ${uuid}, which was not posted`);
      if (status !== 200) complain(`${uuid} was answered ${status}`);
      entry.answered = true;
      answers.record(atMs - entry.atMs);
    },
    delivered({ uuid, chatId, seq }, atMs) {
      frameCount++;
      const entry = posted.get(uuid);
      if (entry === undefined) return complain(`${uuid} came and was not posted`);
      entry.frames++;
      if (entry.frames > 1) return complain(`${uuid} came ${entry.frames} times`);
      frames.record(atMs - entry.atMs);
      const seen = chats.get(chatId);
      const { person, turn } = entry;
      if (seen === undefined) {
        if (turn !== 1) complain(`the first of person ${person} that came is the ${turn}th that was posted`);
        chats.set(chatId, { person, turn, seq });
        return;
      }
      if (seen.person !== person) complain(`chat ${chatId} is of person ${seen.person} and of ${person}`);
      if (turn !== seen.turn + 1) complain(`of person ${person} the ${turn}th came after the ${seen.turn}th`);
      if (seq !== seen.seq + 1) complain(`chat ${chatId} has seq ${seq} after ${seen.seq}`);
      seen.turn = turn;
      seen.seq = seq;
    },
    get answerCount() {
      return answerCount;
    },
    get frameCount() {
      return frameCount;
    },
    close() {
      for (const [uuid, entry] of posted) {
        if (!entry.answered) complain(`${uuid} was never answered`);
        if (entry.frames === 0) complain(`${uuid} never came`);
      }
      return {
        updates: posted.size,
        answers: answers.percentiles(),
        frames: frames.percentiles(),
        faultCount,
        faults,
      };
    },
  };
}

/** Posts updates as Telegram does and keeps the books; knows nothing about who serves. */
import { setImmediate as endOfTurn, setTimeout as sleep } from "node:timers/promises";
import type { HttpLane } from "./socket/http-lane.ts";
import { openUpdateBook, type UpdateBook, type UpdateReport } from "./update-book.ts";

/** Somebody who writes to a bot. */
export interface Speaker {
  readonly telegramId: number;
  /** Of the bot's connections one, always the same: Telegram has one update of a chat under way. */
  readonly lane: HttpLane;
}

export interface UpdateStage {
  readonly speakers: readonly Speaker[];
  /** Where frames of the owners' sockets go; a book for each phase. */
  book: UpdateBook | undefined;
  /** Sockets that ended unasked, frames that came when none was due. */
  readonly lost: string[];
}

export type UpdatePace =
  /** Open loop: so many a second, timed from when each was due. */
  | { readonly kind: "rate"; readonly perSecond: number }
  /** Closed loop: each connection posts as soon as it is answered. */
  | { readonly kind: "answered" };

export interface UpdatePhase extends UpdateReport {
  /** Until the last was answered. */
  readonly updatesPerSecond: number;
}

/** Nothing answered or delivered for so long ends a phase; what is missing is then a fault. */
const stallMs = 15_000;
/** Who is behind the schedule still reads so often: what it has not read counts as late. */
const turnMsMax = 2;
const text = "x".repeat(120);
/** Above 2^31 Telegram's ids do not go; those of one process do not repeat. */
let updateIds = 500_000_000;

export async function postUpdates(stage: UpdateStage, count: number, pace: UpdatePace): Promise<UpdatePhase> {
  const book = openUpdateBook();
  stage.book = book;
  // Connections of before, idle while the other target had its round, are opened anew.
  await Promise.all([...new Set(stage.speakers.map(({ lane }) => lane))].map((lane) => lane.ready()));
  const startMs = performance.now();
  let answeredMs = startMs;
  const post = (person: number, atMs: number, then?: () => void): void => {
    const { telegramId, lane } = stage.speakers[person] as Speaker;
    updateIds += 1;
    const uuid = `tg-${updateIds}`;
    book.posted(uuid, person, atMs);
    lane.post(encodeUpdate(updateIds, telegramId), (status) => {
      answeredMs = performance.now();
      book.answered(uuid, status, answeredMs);
      then?.();
    });
  };
  if (pace.kind === "rate") {
    let turnMs = startMs;
    for (let index = 0; index < count; index++) {
      const dueMs = startMs + (index * 1_000) / pace.perSecond;
      while (performance.now() < dueMs) await sleep(1);
      if (performance.now() - turnMs > turnMsMax) {
        await endOfTurn();
        turnMs = performance.now();
      }
      post(index % stage.speakers.length, dueMs);
    }
  } else postWhenAnswered(stage.speakers, count, post);
  await progressUntil(book, () => book.answerCount >= count && book.frameCount >= count);
  stage.book = undefined;
  const report = book.close();
  return {
    ...report,
    faultCount: report.faultCount + stage.lost.length,
    faults: [...stage.lost.splice(0), ...report.faults],
    updatesPerSecond: (count * 1_000) / (answeredMs - startMs),
  };
}

/** Each lane has its people in turn; all lanes take from one count. */
function postWhenAnswered(
  speakers: readonly Speaker[],
  count: number,
  post: (person: number, atMs: number, then: () => void) => void,
): void {
  const lanes = Map.groupBy(speakers.keys(), (person) => (speakers[person] as Speaker).lane);
  let left = count;
  for (const people of lanes.values()) {
    let turn = 0;
    const next = (): void => {
      if (left === 0) return;
      left -= 1;
      const person = people[turn++ % people.length] as number;
      post(person, performance.now(), next);
    };
    next();
  }
}

async function progressUntil(book: UpdateBook, condition: () => boolean): Promise<void> {
  let seen = -1;
  let sinceMs = performance.now();
  while (!condition()) {
    const now = book.answerCount + book.frameCount;
    if (now !== seen) {
      seen = now;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > stallMs) return;
    await sleep(5);
  }
}

function encodeUpdate(updateId: number, telegramId: number): string {
  const person = { id: telegramId, first_name: `Person ${telegramId}`, username: `person_${telegramId}` };
  return JSON.stringify({
    update_id: updateId,
    message: {
      message_id: updateId,
      date: Math.floor(Date.now() / 1_000),
      from: { ...person, is_bot: false, language_code: "en" },
      chat: { ...person, type: "private" },
      text,
    },
  });
}

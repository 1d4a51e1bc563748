/**
 * How far members have come: watermarks, never lowered, without a place in either of the chat's sequences. They are kept in
 * blocks of many, a row each, because many move at once; `receiptRev` counts their changes, so that watchers see a gap.
 */
import { type ChatCommand, limits, type Mark, type Rev, type Seq, type UserId } from "@rookery/protocol";
import type { ChatMarks, ReceiptRow } from "@rookery/store";
import { type Decided, notFound } from "./refusal.ts";
import type { ChatState } from "./state.ts";

/** Marks in one block; with more the blocks are doubled. */
const blockMax = 1_024;

interface Progress {
  readonly deliveredSeq: Seq;
  readonly readSeq: Seq;
}

type Block = ReadonlyMap<UserId, Progress>;

export interface Receipts {
  readonly rev: Rev;
  readonly size: number;
  /** A power of two; a user's is `userId % blocks.length`. */
  readonly blocks: readonly Block[];
}

export const noReceipts: Receipts = { rev: 0, size: 0, blocks: [new Map()] };

/** Receipts as they were written: never in fewer blocks, for a row is not taken away, and whoever reads it finds it. */
export function receiptsOf({ receiptRev: rev, blocks, marks }: ChatMarks): Receipts {
  let count = blocks;
  while (count * blockMax < marks.length) count *= 2;
  return { rev, size: marks.length, blocks: blocksOf(marks, count) };
}

/** Members move forward, at most to the head of the chat; what does not move anybody writes and tells nothing. */
export function mark(state: ChatState | null, { marks }: Extract<ChatCommand, { kind: "mark" }>): Decided {
  if (state === null) return notFound();
  const moved = new Map<UserId, Mark>();
  for (const { userId, deliveredSeq, readSeq } of marks) {
    if (!state.members.has(userId)) continue;
    const before = moved.get(userId) ?? progressOf(state.receipts, userId);
    const read = Math.max(before.readSeq, Math.min(readSeq, state.headSeq));
    const delivered = Math.max(before.deliveredSeq, Math.min(deliveredSeq, state.headSeq), read);
    if (read === before.readSeq && delivered === before.deliveredSeq) continue;
    moved.set(userId, { userId, deliveredSeq: delivered, readSeq: read });
  }
  const outcome = { kind: "noted" } as const;
  if (moved.size === 0) return { kind: "done", state, outcome, rows: [], events: [], relays: [] };
  const { receipts, written } = advance(state.receipts, [...moved.values()]);
  const { id: chatId } = state;
  return {
    kind: "done",
    state: { ...state, receipts },
    outcome,
    rows: written.map((block) => ({ table: "receipt", row: rowOf(chatId, receipts, block) })),
    events: [
      {
        kind: "receipts",
        chatId,
        receiptRev: receipts.rev,
        marks: [...moved.values()],
        crowd: state.members.size > limits.crowdMin,
      },
    ],
    relays: [],
  };
}

/** Receipts without somebody's who has left, and the row that says so; null when there was nothing of theirs. */
export function forget(
  chatId: number,
  receipts: Receipts,
  userId: UserId,
): { readonly receipts: Receipts; readonly row: ReceiptRow } | null {
  const place = userId % receipts.blocks.length;
  const block = receipts.blocks[place];
  if (block?.has(userId) !== true) return null;
  const left = new Map(block);
  left.delete(userId);
  const next = { ...receipts, size: receipts.size - 1, blocks: receipts.blocks.with(place, left) };
  return { receipts: next, row: rowOf(chatId, next, place) };
}

function progressOf({ blocks }: Receipts, userId: UserId): Progress {
  return blocks[userId % blocks.length]?.get(userId) ?? { deliveredSeq: 0, readSeq: 0 };
}

/** @returns also the blocks to be written: those touched, or all of them when there are more of them now. */
function advance(
  { rev, blocks: before }: Receipts,
  moved: readonly Mark[],
): { readonly receipts: Receipts; readonly written: readonly number[] } {
  const drafts = new Map<number, Map<UserId, Progress>>();
  for (const { userId, deliveredSeq, readSeq } of moved) {
    const place = userId % before.length;
    let draft = drafts.get(place);
    if (draft === undefined) drafts.set(place, (draft = new Map(before[place])));
    draft.set(userId, { deliveredSeq, readSeq });
  }
  const blocks: readonly Block[] = before.map((block, place) => drafts.get(place) ?? block);
  const size = blocks.reduce((sum, block) => sum + block.size, 0);
  if (size <= blocks.length * blockMax) {
    return { receipts: { rev: rev + 1, size, blocks }, written: [...drafts.keys()] };
  }
  const all = blocks.flatMap((block) => [...block].map(([userId, progress]) => ({ userId, ...progress })));
  const receipts = receiptsOf({ receiptRev: rev + 1, blocks: before.length, marks: all });
  return { receipts, written: [...receipts.blocks.keys()] };
}

function blocksOf(marks: readonly Mark[], count: number): Block[] {
  const blocks = Array.from({ length: count }, () => new Map<UserId, Progress>());
  for (const { userId, deliveredSeq, readSeq } of marks) {
    blocks[userId % count]?.set(userId, { deliveredSeq, readSeq });
  }
  return blocks;
}

function rowOf(chatId: number, { rev, blocks }: Receipts, block: number): ReceiptRow {
  const marks = [...(blocks[block] ?? [])].map(
    ([userId, { deliveredSeq, readSeq }]) => [String(userId), [deliveredSeq, readSeq]] as const,
  );
  return { chatId, block, blocks: blocks.length, rev, marks: Object.fromEntries(marks) };
}

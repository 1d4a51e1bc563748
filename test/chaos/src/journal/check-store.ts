/** What Postgres has to be by itself: gapless, without repeats, with nothing left over. */
import type { Tally } from "./tally.ts";
import type { Truth } from "./truth.ts";

export function checkStore(truth: Truth, tally: Tally): void {
  checkSequences(truth, tally);
  checkRevs(truth, tally);
  checkUuids(truth, tally);
  checkJoins(truth, tally);
  for (const { uuid, reason } of truth.deadLetters) tally.add("parked", `${uuid}: ${reason.slice(0, 160)}`);
  for (const { id } of truth.relays) tally.add("unrelayed", id);
  for (const { shard, appliedSeq, lastSeq } of truth.offsets) {
    // The message at the offset is kept in the log (L6), so an emptied log is a finding too.
    if (appliedSeq !== lastSeq) {
      tally.add("offset", `shard ${shard} is applied to ${appliedSeq}, its log ends at ${lastSeq}`);
    }
  }
}

/** A place in one of a chat's two sequences, in order of chat and place. */
interface Placed {
  readonly chatId: number;
  readonly at: number;
}

function checkSequences({ chats, messages }: Truth, tally: Tally): void {
  const heads = new Map(chats.map((chat) => [chat.id, chat.headSeq]));
  const places = messages.map(({ chatId, seq }) => ({ chatId, at: seq }));
  checkGapless(places, heads, (chatId, text) => tally.add("gap", `chat ${chatId} in Postgres: seq ${text}`));
}

function checkRevs({ chats, changes }: Truth, tally: Tally): void {
  const heads = new Map(chats.map((chat) => [chat.id, chat.rev]));
  const places = changes.map(({ chatId, rev }) => ({ chatId, at: rev }));
  checkGapless(places, heads, (chatId, text) => tally.add("gap", `chat ${chatId} in Postgres: rev ${text}`));
}

function checkGapless(
  places: readonly Placed[],
  heads: ReadonlyMap<number, number>,
  tell: (chatId: number, text: string) => void,
): void {
  const last = new Map<number, number>();
  for (const { chatId, at } of places) {
    const before = last.get(chatId) ?? 0;
    if (at !== before + 1) tell(chatId, `${at} follows ${before}`);
    last.set(chatId, at);
  }
  for (const [chatId, head] of heads) {
    const end = last.get(chatId) ?? 0;
    if (end !== head) tell(chatId, `ends at ${end}, the chat's head says ${head}`);
  }
}

function checkUuids({ messages }: Truth, tally: Tally): void {
  const seqs = new Map<string, number>();
  for (const { chatId, seq, senderId, uuid } of messages) {
    const name = `${chatId}/${senderId}/${uuid}`;
    const known = seqs.get(name);
    if (known !== undefined) tally.add("duplicated", `${name} is stored at seq ${known} and ${seq}`);
    seqs.set(name, seq);
  }
}

function checkJoins({ changes }: Truth, tally: Tally): void {
  const joins = new Map<string, number>();
  for (const { chatId, rev, frame } of changes) {
    if (frame["type"] !== "MemberChanged" || frame["change"] === "role") continue;
    const name = `user ${String(frame["userId"])} in chat ${chatId}`;
    if (frame["change"] !== "joined") {
      joins.delete(name);
      continue;
    }
    const known = joins.get(name);
    if (known !== undefined) tally.add("duplicated", `${name} joined at rev ${known} and ${rev}`);
    joins.set(name, rev);
  }
}

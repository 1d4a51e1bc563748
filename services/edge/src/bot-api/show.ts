/** What is told to bots, with the names and files of this moment. */
import type { Attachment, BotChat, Message, UserId } from "@rookery/protocol";
import { readFileSides, readPeopleById, type Sides, type Store, toMessage } from "@rookery/store";
import {
  type NativeMessage,
  nativeMessage,
  type NativePeople,
  peopleOfMessage,
  picturesOfMessage,
  type ShownFile,
  type TelegramObjects,
} from "@rookery/telegram";
import { badRequest } from "./api-refusal.ts";
import type { Call } from "./method.ts";
import type { Place } from "./place.ts";
import type { Reading } from "./reading.ts";

/** Messages of a chat by their places, in Telegram's shape. Those that are not there are left out. */
export async function showMessages(
  { context: { store, reading, files }, bot }: Call,
  chat: BotChat,
  seqs: readonly number[],
): Promise<TelegramObjects.TelegramMessage[]> {
  const stored = await readMessages(reading, chat.id, seqs);
  const wanted = seqs.flatMap((seq) => stored.get(seq) ?? []);
  const answered = wanted.flatMap(({ replyTo }) =>
    replyTo === null || stored.has(replyTo) ? [] : [replyTo],
  );
  const others =
    answered.length === 0 ? new Map<number, NativeMessage>() : await readMessages(reading, chat.id, answered);
  const named = [...stored.values(), ...others.values()].flatMap(peopleOfMessage);
  const people = await namesOf(reading, chat.peerId === undefined ? named : [...named, chat.peerId]);
  const nameOf = files.names.nameFor(bot.id);
  const sides = await sidesOf(store, [...stored.values(), ...others.values()].flatMap(picturesOfMessage));
  const fileName = (file: Attachment): ShownFile => ({ ...nameOf(file), sides: sides.get(file.fileId) });
  return wanted.map((message) => {
    const { replyTo } = message;
    const reply = replyTo === null ? undefined : (stored.get(replyTo) ?? others.get(replyTo));
    const isThere = reply !== undefined && reply.deletedAt === null;
    return nativeMessage(message, { chat, people, fileName, ...(isThere ? { reply } : {}) });
  });
}

export async function showMessage(
  call: Call,
  chat: BotChat,
  seq: number,
): Promise<TelegramObjects.TelegramMessage> {
  const [shown] = await showMessages(call, chat, [seq]);
  if (shown === undefined) throw badRequest("message not found");
  return shown;
}

async function readMessages(
  reading: Reading,
  chatId: number,
  seqs: readonly number[],
): Promise<ReadonlyMap<number, NativeMessage>> {
  const rows = await Promise.all(seqs.map((seq) => reading.message({ chatId, seq })));
  return new Map(
    rows.flatMap((row) => {
      if (row === null) return [];
      const message: Message = toMessage(row);
      return [[row.seq, { ...message, extra: row.detail?.extra }] as const];
    }),
  );
}

/** Few messages have any, so these are asked by themselves. */
async function sidesOf(store: Store, ids: readonly string[]): Promise<ReadonlyMap<string, Sides>> {
  return ids.length === 0 ? new Map() : await readFileSides(store, ids);
}

async function namesOf(reading: Reading, ids: readonly UserId[]): Promise<NativePeople> {
  const people = await Promise.all([...new Set(ids)].map((id) => reading.person(id)));
  return new Map(people.flatMap((person) => (person === null ? [] : [[person.id, person]])));
}

/** A message that is there, for a method that needs one. */
export async function messageAt(call: Call, place: Place, seq: number): Promise<NativeMessage | null> {
  const message = (await readMessages(call.context.reading, place.id, [seq])).get(seq);
  return message === undefined || message.deletedAt !== null ? null : message;
}

export async function readPeople(store: Store, ids: readonly UserId[]): Promise<NativePeople> {
  return new Map((await readPeopleById(store, ids)).map((person) => [person.id, person]));
}

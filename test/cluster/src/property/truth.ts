/** What Postgres holds, as REST tells it to each of the people; and in what a device's view differs from it. */
import { isDeepStrictEqual } from "node:util";
import type { ChatBody, MarkBody } from "@rookery/kit";
import { expect, type Person, readHistory } from "../rest.ts";
import { type ViewedMessage, viewed } from "./chat-view.ts";
import type { Device } from "./device.ts";

/** Characters of a value in a complaint. */
const shownMax = 400;

interface MemberBody extends MarkBody {
  readonly role: string;
}

interface TrueChat {
  readonly chat: ChatBody;
  readonly messages: readonly ViewedMessage[];
  readonly members: readonly MemberBody[];
}

/** Of each person the chats they are in. */
export type Truth = ReadonlyMap<number, ReadonlyMap<number, TrueChat>>;

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export async function readTruth(base: string, people: readonly Person[]): Promise<Truth> {
  const known = new Map<number, Promise<Omit<TrueChat, "chat">>>();
  const read = async (person: Person): Promise<[number, Map<number, TrueChat>]> => {
    const { items } = await expect<Page<ChatBody>>(200, base, "GET", "/v1/chats?limit=100", {
      token: person.token,
    });
    const chats = items.map(async (chat): Promise<[number, TrueChat]> => {
      const rest = known.get(chat.id) ?? readChat(base, person, chat.id);
      known.set(chat.id, rest);
      return [chat.id, { chat, ...(await rest) }];
    });
    return [person.userId, new Map(await Promise.all(chats))];
  };
  return new Map(await Promise.all(people.map(read)));
}

async function readChat(base: string, person: Person, chatId: number): Promise<Omit<TrueChat, "chat">> {
  const { items: messages } = await readHistory(base, person, chatId);
  const path = `/v1/chats/${chatId}/members?limit=100`;
  const { items: members } = await expect<Page<MemberBody>>(200, base, "GET", path, { token: person.token });
  return { messages: messages.map(viewed), members };
}

/** In what a device's view differs, in words; nothing when it is what Postgres holds. */
export function differences(device: Device, truth: Truth): string[] {
  const chats = truth.get(device.person.userId) ?? new Map<number, TrueChat>();
  const found: string[] = [];
  const differ = (what: string, seen: unknown, held: unknown): void => {
    if (isDeepStrictEqual(seen, held)) return;
    const [has, is] = [JSON.stringify(seen), JSON.stringify(held)].map((text) => text.slice(0, shownMax));
    found.push(`${device.name}, ${what}: it has ${has}, Postgres ${is}`);
  };
  const sorted = (ids: Iterable<number>): number[] => [...ids].toSorted((one, other) => one - other);
  differ("its chats", sorted(device.chats.keys()), sorted(chats.keys()));
  for (const [chatId, { chat, messages, members }] of chats) {
    const view = device.chats.get(chatId);
    if (view === undefined) continue;
    differ(`title of ${chatId}`, view.title ?? null, chat.title);
    differ(`place in ${chatId}`, [view.seq, view.rev], [chat.headSeq, chat.rev]);
    differ(`waiting in ${chatId}`, [...view.early.keys()], []);
    for (const message of messages) {
      const seen = view.messages.get(message.seq);
      if (seen !== undefined) differ(`seq ${message.seq} of ${chatId}`, seen, message);
    }
    // Nobody comes or goes in a direct chat, so nobody is told who is in it.
    if (chat.type !== "direct") {
      const roles = new Map(members.map(({ userId, role }) => [userId, role]));
      const seen = view.members();
      const byId = (map: ReadonlyMap<number, string>): [number, string][] =>
        [...map].toSorted(([one], [other]) => one - other);
      differ(`members of ${chatId}`, byId(seen), byId(roles));
    }
    for (const { userId, deliveredSeq, readSeq } of members) {
      const mark = view.marks.get(userId) ?? { deliveredSeq: 0, readSeq: 0 };
      differ(`marks of ${userId} in ${chatId}`, mark, { deliveredSeq, readSeq });
    }
  }
  return found;
}

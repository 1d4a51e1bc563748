/** Channels by name, and the chats that they mean to who has chosen them. */
import type { ChatId, Rev, UserId } from "@rookery/protocol";
import { botChatRevs, chatRevsOf, memberHeads, type Reader, type Store } from "@rookery/store";
import type { Connection } from "./connection.ts";

/** What a list of channels names, apart by kind. */
export interface ChannelNames {
  readonly all: boolean;
  readonly chatIds: readonly ChatId[];
  readonly botIds: readonly UserId[];
  readonly presenceIds: readonly UserId[];
}

/** @param channels as the protocol lets them in: `all`, or a kind and an id. */
export function readChannels(channels: Iterable<string>): ChannelNames {
  const ids = { chat: [] as number[], bot: [] as number[], presence: [] as number[] };
  let all = false;
  for (const channel of channels) {
    const [kind, id] = channel.split(":");
    if (kind === "all") all = true;
    else if (kind === "chat" || kind === "bot" || kind === "presence") ids[kind].push(Number(id));
  }
  return { all, chatIds: ids.chat, botIds: ids.bot, presenceIds: ids.presence };
}

/** The chats that these channels mean to a user now, by whatever key, and the revs at which they could read them. */
export async function chatsOf(
  store: Store,
  { userId, keyId }: Reader,
  { all, chatIds, botIds }: ChannelNames,
): Promise<Map<ChatId, Rev>> {
  if (all) return new Map((await chatRevsOf(store, userId, keyId)).map(({ id, rev }) => [id, rev]));
  const [chosen, bots] = await Promise.all([
    chatIds.length === 0 ? [] : memberHeads(store, userId, chatIds, keyId),
    botIds.length === 0 ? [] : botChatRevs(store, { userId, keyId }, botIds),
  ]);
  return new Map([...chosen, ...bots].map(({ id, rev }) => [id, rev]));
}

/** Whether a socket is to hear a chat that its user has just joined. */
export async function wantsChat(store: Store, connection: Connection, chatId: ChatId): Promise<boolean> {
  if (connection.hears === "all") return true;
  const { all, chatIds, botIds } = readChannels(connection.channels);
  if (all || chatIds.includes(chatId)) return true;
  if (botIds.length === 0) return false;
  return (
    await chatsOf(store, connection.session.principal, { all, chatIds: [], botIds, presenceIds: [] })
  ).has(chatId);
}

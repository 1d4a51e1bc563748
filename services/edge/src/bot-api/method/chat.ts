/** Chats and who is in them. */
import { type ChatCommand, type ChatLink, type Standing, usuallyForbidden } from "@rookery/protocol";
import {
  type ChatSettings,
  countMembers,
  listBotAdministrators,
  pinnedSeqs,
  readBotMember,
  readSettings,
} from "@rookery/store";
import {
  type FileName,
  nativeChat,
  nativeMember,
  nativePermissions,
  type TelegramObjects,
} from "@rookery/telegram";
import { ApiRefusal, badRequest } from "../api-refusal.ts";
import { type Call, type Method, method } from "../method.ts";
import { chatId, flag, integer, text } from "../parameter.ts";
import { absence, findPlace, leads, type Place, placeOf } from "../place.ts";
import { submitOr } from "../say.ts";
import { readPeople, showMessage } from "../show.ts";

const person = { chat_id: chatId, user_id: integer(0, 0, Number.MAX_SAFE_INTEGER) };
const membersMax = 100_000;

/** A chat that people come to and go from. */
export async function groupOf(call: Call, id: string): Promise<Place> {
  return groupAt(await placeOf(call, id));
}

function groupAt(place: Place): Place {
  if (place.type === "direct") throw badRequest("method is available for supergroup and channel chats only");
  return place;
}

async function showMember(
  call: Call,
  place: Place,
  userId: number,
): Promise<TelegramObjects.TelegramChatMember> {
  const { store, now } = call.context;
  const [member, people, settings] = await Promise.all([
    readBotMember(store, place.id, userId),
    readPeople(store, [userId]),
    readSettings(store, place.id),
  ]);
  if (!people.has(userId)) throw badRequest("user not found");
  const { role, canRead, canSend } = member;
  const trait = settings.traits.get(userId);
  const isBanned = canRead === false && now() < (trait?.bannedUntilMs ?? Number.POSITIVE_INFINITY);
  // Whoever may not read is out, whether they have gone or were sent.
  const standing: Standing = isBanned ? "removed" : (role ?? "left");
  return nativeMember(userId, role === "member" && canSend === false ? "reader" : standing, people, {
    type: place.type,
    trait,
    forbids: settings.about.forbids,
    viewerId: call.bot.id,
    nowMs: now(),
  });
}

/** One picture serves as both sizes. */
function nativeChatPhoto({
  file_id: id,
  file_unique_id: uniqueId,
}: FileName): TelegramObjects.TelegramChatPhoto {
  return { small_file_id: id, small_file_unique_id: uniqueId, big_file_id: id, big_file_unique_id: uniqueId };
}

/** The link that a bot has without having named one. */
export function primaryLink({ links }: ChatSettings, botId: number): ChatLink | undefined {
  return [...links.values()].find(
    ({ creatorId, isPrimary, isRevoked }) => creatorId === botId && isPrimary && !isRevoked,
  );
}

export const chatMethods: readonly Method[] = [
  method("getChat", { chat_id: chatId }, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    const { store } = call.context;
    const [people, [pinned], settings] = await Promise.all([
      readPeople(store, place.peerId === null ? [] : [place.peerId]),
      pinnedSeqs(store, place.id),
      readSettings(store, place.id),
    ]);
    const { description, photo, forbids = usuallyForbidden } = settings.about;
    const link = primaryLink(settings, call.bot.id);
    return {
      ...nativeChat(place.chat, people),
      accent_color_id: 0,
      max_reaction_count: 11,
      accepted_gift_types: {
        unlimited_gifts: false,
        limited_gifts: false,
        unique_gifts: false,
        premium_subscription: false,
        gifts_from_channels: false,
      },
      ...(description === undefined ? {} : { description }),
      ...(photo === undefined
        ? {}
        : { photo: nativeChatPhoto(call.context.files.names.nameFor(call.bot.id)(photo)) }),
      ...(place.type === "group" ? { permissions: nativePermissions(forbids) } : {}),
      ...(link === undefined || !leads(place) ? {} : { invite_link: link.url }),
      ...(pinned === undefined ? {} : { pinned_message: await showMessage(call, place.chat, pinned) }),
    };
  }),
  method("getChatMember", person, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    if (values.user_id === 0) throw badRequest("invalid user_id specified");
    return await showMember(call, place, values.user_id);
  }),
  method("getChatMemberCount", { chat_id: chatId }, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    return await countMembers(call.context.store, place.id, membersMax);
  }),
  method("getChatAdministrators", { chat_id: chatId, return_bots: flag }, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    if (place.type === "direct") throw badRequest("there are no administrators in the private chat");
    const leaders = await listBotAdministrators(call.context.store, place.id);
    const { store, now } = call.context;
    const [people, { traits }] = await Promise.all([
      readPeople(
        store,
        leaders.map(({ userId }) => userId),
      ),
      readSettings(store, place.id),
    ]);
    return leaders
      .filter(
        ({ userId }) => userId === call.bot.id || people.get(userId)?.isBot !== true || values.return_bots,
      )
      .map(({ userId, role }) =>
        nativeMember(userId, role, people, {
          type: place.type,
          trait: traits.get(userId),
          viewerId: call.bot.id,
          nowMs: now(),
        }),
      );
  }),
  method("leaveChat", { chat_id: chatId }, async (call, values) => {
    // A repeat finds itself gone already; its command tells whether it was this call that went.
    const find = call.key === undefined ? placeOf : findPlace;
    const place = groupAt(await find(call, values.chat_id));
    const command: ChatCommand = { kind: "leave" };
    await submitOr<"changed">(call, place, { command, expected: "changed" }, { not_found: absence(place) });
    return true;
  }),
  method("setChatTitle", { chat_id: chatId, title: text }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    if (!/\S/.test(values.title)) throw badRequest("CHAT_TITLE_EMPTY");
    if (values.title.length > 128) throw badRequest("title is too long");
    const command: ChatCommand = { kind: "rename", title: values.title };
    await submitOr<"changed">(
      call,
      place,
      { command, expected: "changed" },
      {
        forbidden: badRequest("not enough rights to change chat title"),
        not_found: new ApiRefusal(403, "bot is not a member of the group chat"),
      },
    );
    return true;
  }),
];

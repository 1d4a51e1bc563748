/** Chats and who is in them. */
import type { AclEntry, ChatCommand, Fault, Standing } from "@rookery/protocol";
import { countMembers, listBotAdministrators, pinnedSeqs, readBotMember } from "@rookery/store";
import { nativeChat, nativeMember, type TelegramObjects } from "@rookery/telegram";
import { ApiRefusal, badRequest } from "../api-refusal.ts";
import { type Call, type Method, method } from "../method.ts";
import { chatId, flag, integer, isFields, json, text } from "../parameter.ts";
import { leads, type Place, placeOf } from "../place.ts";
import { submitOr } from "../say.ts";
import { readPeople, showMessage } from "../show.ts";

const person = { chat_id: chatId, user_id: integer(0, 0, Number.MAX_SAFE_INTEGER) };
const membersMax = 100_000;

const rightsWords: Partial<Record<Fault["code"], Error>> = {
  forbidden: badRequest("not enough rights to restrict/unrestrict chat member"),
  not_found: badRequest("USER_NOT_PARTICIPANT"),
  invalid: badRequest("USER_ID_INVALID"),
};

async function groupOf(call: Call, id: string): Promise<Place> {
  const place = await placeOf(call, id);
  if (place.type === "direct") throw badRequest("method is available for supergroup and channel chats only");
  return place;
}

async function showMember(
  call: Call,
  place: Place,
  userId: number,
): Promise<TelegramObjects.TelegramChatMember> {
  const { store } = call.context;
  const [member, people] = await Promise.all([
    readBotMember(store, place.id, userId),
    readPeople(store, [userId]),
  ]);
  if (!people.has(userId)) throw badRequest("user not found");
  const { role, wasMember, canRead, canSend } = member;
  // Whoever may not read is out, whether they have gone or were sent.
  const isBanned = canRead === false;
  const standing: Standing = isBanned ? "removed" : (role ?? (wasMember ? "left" : "left"));
  const isRestricted = role === "member" && canSend === false;
  return nativeMember(userId, isRestricted ? "reader" : standing, people);
}

/** One right of somebody's, whoever they are in the chat; ours are called after what they allow. */
function allow(call: Call, place: Place, userId: number, entry: AclEntry): Promise<unknown> {
  const command: ChatCommand = { kind: "allow", subject: `user:${userId}`, entry, isAdministrator: false };
  return submitOr<"changed">(
    { ...call, key: undefined },
    place,
    { command, expected: "changed" },
    rightsWords,
  );
}

const nothing: AclEntry = { canRead: null, canSend: null, canManage: null };

async function demandUser(call: Call, userId: number): Promise<void> {
  if (userId === 0) throw badRequest("invalid user_id specified");
  if (!(await readPeople(call.context.store, [userId])).has(userId)) throw badRequest("user not found");
}

export const chatMethods: readonly Method[] = [
  method("getChat", { chat_id: chatId }, async (call, values) => {
    const place = await placeOf(call, values.chat_id);
    const { store } = call.context;
    const people = await readPeople(store, place.peerId === null ? [] : [place.peerId]);
    const [pinned] = await pinnedSeqs(store, place.id);
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
    const people = await readPeople(
      call.context.store,
      leaders.map(({ userId }) => userId),
    );
    return leaders
      .filter(
        ({ userId }) => userId === call.bot.id || people.get(userId)?.isBot !== true || values.return_bots,
      )
      .map(({ userId, role }) => nativeMember(userId, role, people));
  }),
  // A ban is kept as an entry of the chat's ACL: it stays when its subject goes, and is there when they come back.
  method(
    "banChatMember",
    { ...person, revoke_messages: flag, until_date: integer(0, 0, 4_294_967_295) },
    async (call, values) => {
      const place = await groupOf(call, values.chat_id);
      await demandUser(call, values.user_id);
      if (values.user_id === call.bot.id) throw badRequest("can't restrict self");
      const { role } = await readBotMember(call.context.store, place.id, values.user_id);
      if (role === "owner") throw badRequest("can't remove chat owner");
      await allow(call, place, values.user_id, { canRead: false, canSend: false, canManage: false });
      if (role === null) return true;
      const command: ChatCommand = { kind: "remove", userId: values.user_id };
      await submitOr<"changed">(
        { ...call, key: undefined },
        place,
        { command, expected: "changed" },
        rightsWords,
      );
      return true;
    },
  ),
  method("unbanChatMember", { ...person, only_if_banned: flag }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    await demandUser(call, values.user_id);
    const { role, canRead } = await readBotMember(call.context.store, place.id, values.user_id);
    if (canRead === false) await allow(call, place, values.user_id, nothing);
    else if (role !== null && !values.only_if_banned) {
      // Telegram lets go of who is there and was not banned.
      const command: ChatCommand = { kind: "remove", userId: values.user_id };
      await submitOr<"changed">(
        { ...call, key: undefined },
        place,
        { command, expected: "changed" },
        rightsWords,
      );
    }
    return true;
  }),
  method("restrictChatMember", { ...person, permissions: json("ChatPermissions") }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    await demandUser(call, values.user_id);
    if (!isFields(values.permissions)) throw badRequest("can't parse permissions: Expected an Object");
    const may = values.permissions["can_send_messages"] === true;
    await allow(call, place, values.user_id, { canRead: null, canSend: may ? null : false, canManage: null });
    return true;
  }),
  method(
    "promoteChatMember",
    {
      ...person,
      can_manage_chat: flag,
      can_delete_messages: flag,
      can_restrict_members: flag,
      can_change_info: flag,
      can_invite_users: flag,
      can_pin_messages: flag,
      can_post_messages: flag,
      can_promote_members: flag,
    },
    async (call, { chat_id: chat, user_id: userId, ...rights }) => {
      const place = await groupOf(call, chat);
      const isLeader = Object.values(rights).some((right) => right);
      const plain = place.type === "channel" ? "reader" : "member";
      const command: ChatCommand = { kind: "role", userId, role: isLeader ? "admin" : plain };
      await submitOr<"changed">(
        { ...call, key: undefined },
        place,
        { command, expected: "changed" },
        {
          ...rightsWords,
          forbidden: badRequest("not enough rights to promote/demote chat member"),
        },
      );
      return true;
    },
  ),
  method("leaveChat", { chat_id: chatId }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    await submitOr<"changed">(call, place, { command: { kind: "leave" }, expected: "changed" }, {});
    return true;
  }),
  method("setChatTitle", { chat_id: chatId, title: text }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    if (!/\S/.test(values.title)) throw badRequest("CHAT_TITLE_EMPTY");
    if (values.title.length > 128) throw badRequest("title is too long");
    if (!leads(place)) throw badRequest("not enough rights to change chat title");
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

/** What administrators say of a chat and of who is in it. */
import {
  type AdminRight,
  adminRights,
  adminTitleCharsMax,
  type ChatCommand,
  descriptionCharsMax,
  type Fault,
  type MemberPermission,
  memberPermissions,
  usuallyForbidden,
} from "@rookery/protocol";
import { readBotMember, readSettings } from "@rookery/store";
import { badRequest } from "../api-refusal.ts";
import { type Call, type Method, method } from "../method.ts";
import { chatId, type Fields, flag, integer, isFields, json, text } from "../parameter.ts";
import type { Place } from "../place.ts";
import { submitOr } from "../say.ts";
import { readPeople } from "../show.ts";
import { takeMedia } from "../take-media.ts";
import { groupOf } from "./chat.ts";

const person = { chat_id: chatId, user_id: integer(0, 0, Number.MAX_SAFE_INTEGER) };
const date = integer(0, 0, 4_294_967_295);
/** What ends sooner or later than that is for ever, as at Telegram. */
const untilMsMin = 30_000;
const untilMsMax = 366 * 86_400_000;

const memberWords: Partial<Record<Fault["code"], Error>> = {
  forbidden: badRequest("not enough rights to restrict/unrestrict chat member"),
  not_found: badRequest("USER_NOT_PARTICIPANT"),
  invalid: badRequest("USER_ID_INVALID"),
};

function wordsFor(what: string): Partial<Record<Fault["code"], Error>> {
  return { ...memberWords, forbidden: badRequest(`not enough rights to ${what}`) };
}

/** Says something of a chat; a repeat of what is so already changes nothing, so the command needs no name. */
async function say(
  call: Call,
  place: Place,
  command: ChatCommand,
  words: Partial<Record<Fault["code"], Error>>,
): Promise<true> {
  await submitOr<"changed">({ ...call, key: undefined }, place, { command, expected: "changed" }, words);
  return true;
}

async function demandUser(call: Call, userId: number): Promise<void> {
  if (userId === 0) throw badRequest("invalid user_id specified");
  if (!(await readPeople(call.context.store, [userId])).has(userId)) throw badRequest("user not found");
}

function until(call: Call, seconds: number): { readonly untilMs?: number } {
  const left = seconds * 1_000 - call.context.now();
  return left < untilMsMin || left > untilMsMax ? {} : { untilMs: seconds * 1_000 };
}

const media = [
  "send_audios",
  "send_documents",
  "send_photos",
  "send_videos",
  "send_video_notes",
  "send_voice_notes",
] as const;

/** What is not permitted. Unless they are said to be independent, one permission brings those it makes no sense without. */
function forbidden(said: unknown, isIndependent: boolean): readonly MemberPermission[] {
  if (!isFields(said)) throw badRequest("can't parse permissions: Expected an Object");
  const permitted = new Set(memberPermissions.filter((each) => said[`can_${each}`] === true));
  // Nobody is known here who says nothing of it.
  if (said["can_react_to_messages"] === undefined && permitted.has("send_messages"))
    permitted.add("react_to_messages");
  if (!isIndependent) {
    if (permitted.has("send_other_messages") || permitted.has("add_web_page_previews")) {
      for (const each of media) permitted.add(each);
    }
    if ([...media, "send_polls" as const].some((each) => permitted.has(each))) permitted.add("send_messages");
  }
  return memberPermissions.filter((each) => !permitted.has(each));
}

const rightFlags = {
  can_manage_chat: flag,
  can_delete_messages: flag,
  can_restrict_members: flag,
  can_promote_members: flag,
  can_change_info: flag,
  can_invite_users: flag,
  can_pin_messages: flag,
  can_post_messages: flag,
  can_edit_messages: flag,
};

export function rightsOf(said: Fields): readonly AdminRight[] {
  return adminRights.filter((each) => said[`can_${each}`] === true);
}

export const administrationMethods: readonly Method[] = [
  method("banChatMember", { ...person, until_date: date }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    const { user_id: userId } = values;
    await demandUser(call, userId);
    if (userId === call.bot.id) throw badRequest("can't restrict self");
    const { role } = await readBotMember(call.context.store, place.id, userId);
    if (role === "owner") throw badRequest("can't remove chat owner");
    if (role === "admin") throw badRequest("user is an administrator of the chat");
    return await say(call, place, { kind: "ban", userId, ...until(call, values.until_date) }, memberWords);
  }),
  method("unbanChatMember", { ...person, only_if_banned: flag }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    const { user_id: userId, only_if_banned: onlyIfBanned } = values;
    await demandUser(call, userId);
    return await say(call, place, { kind: "unban", userId, onlyIfBanned }, memberWords);
  }),
  method(
    "restrictChatMember",
    {
      ...person,
      permissions: json("ChatPermissions"),
      use_independent_chat_permissions: flag,
      until_date: date,
    },
    async (call, values) => {
      const place = await groupOf(call, values.chat_id);
      if (place.type !== "group") throw badRequest("method is available only for supergroups");
      const { user_id: userId } = values;
      await demandUser(call, userId);
      if (userId === call.bot.id) throw badRequest("can't restrict self");
      const { role } = await readBotMember(call.context.store, place.id, userId);
      if (role === "owner") throw badRequest("can't remove chat owner");
      if (role === "admin") throw badRequest("user is an administrator of the chat");
      const forbids = forbidden(values.permissions, values.use_independent_chat_permissions);
      // Who may what all may is not restricted.
      const { about } = await readSettings(call.context.store, place.id);
      const isFree = forbids.every((each) => (about.forbids ?? usuallyForbidden).includes(each));
      const command: ChatCommand = isFree
        ? { kind: "restrict", userId, forbids: [] }
        : { kind: "restrict", userId, forbids, ...until(call, values.until_date) };
      return await say(call, place, command, memberWords);
    },
  ),
  method("promoteChatMember", { ...person, ...rightFlags }, async (call, values) => {
    const { chat_id: chat, user_id: userId, ...flags } = values;
    const place = await groupOf(call, chat);
    await demandUser(call, userId);
    if (userId === call.bot.id) throw badRequest("can't promote self");
    const rights = rightsOf(flags);
    const command: ChatCommand = {
      kind: "promote",
      userId,
      rights: rights.length === 0 || rights.includes("manage_chat") ? rights : ["manage_chat", ...rights],
    };
    return await say(call, place, command, wordsFor("promote/demote chat member"));
  }),
  method("setChatAdministratorCustomTitle", { ...person, custom_title: text }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    const { user_id: userId, custom_title: title } = values;
    await demandUser(call, userId);
    const { role } = await readBotMember(call.context.store, place.id, userId);
    if (role === "owner") throw badRequest("only creator can edit their custom title");
    if (role !== "admin") throw badRequest("user is not an administrator");
    if (title.length > adminTitleCharsMax) throw badRequest("ADMIN_RANK_INVALID");
    if (/\p{Extended_Pictographic}/u.test(title)) throw badRequest("ADMIN_RANK_EMOJI_NOT_ALLOWED");
    const words = wordsFor("change custom title of the user");
    return await say(call, place, { kind: "entitle", userId, title }, words);
  }),
  method(
    "setChatPermissions",
    { chat_id: chatId, permissions: json("ChatPermissions"), use_independent_chat_permissions: flag },
    async (call, values) => {
      const place = await groupOf(call, values.chat_id);
      if (place.type !== "group") throw badRequest("method is available only for supergroups");
      const forbids = forbidden(values.permissions, values.use_independent_chat_permissions);
      return await say(call, place, { kind: "describe", forbids }, wordsFor("change chat permissions"));
    },
  ),
  method("setChatDescription", { chat_id: chatId, description: text }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    const description = values.description.trim();
    if (description.length > descriptionCharsMax) throw badRequest("CHAT_ABOUT_TOO_LONG");
    return await say(call, place, { kind: "describe", description }, wordsFor("set chat description"));
  }),
  method("setChatPhoto", { chat_id: chatId }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    const { attachment: photo } = await takeMedia(call, "photo", call.args.text("photo"));
    return await say(call, place, { kind: "describe", photo }, wordsFor("change chat photo"));
  }),
  method("deleteChatPhoto", { chat_id: chatId }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    return await say(call, place, { kind: "describe", photo: null }, wordsFor("change chat photo"));
  }),
];

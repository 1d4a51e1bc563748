/** Links by which people come into a chat, and who asks to be let in. */
import { randomBytes } from "node:crypto";
import {
  type ChatCommand,
  type ChatLink,
  type Fault,
  type LinkDraft,
  linkMembersMax,
  linkNameCharsMax,
} from "@rookery/protocol";
import { readBotMember, readSettings } from "@rookery/store";
import { nativeLink, type TelegramObjects } from "@rookery/telegram";
import { badRequest } from "../api-refusal.ts";
import { type Call, type Method, method } from "../method.ts";
import { chatId, flag, integer, text } from "../parameter.ts";
import type { Place } from "../place.ts";
import { commandUuid, submitOr } from "../say.ts";
import { readPeople } from "../show.ts";
import { groupOf } from "./chat.ts";

const codeBytes = 12;
const spoken = {
  chat_id: chatId,
  name: text,
  expire_date: integer(0, 0, 4_294_967_295),
  member_limit: integer(0, 0, Number.MAX_SAFE_INTEGER),
  creates_join_request: flag,
};
const person = { chat_id: chatId, user_id: integer(0, 0, Number.MAX_SAFE_INTEGER) };

const linkWords: Partial<Record<Fault["code"], Error>> = {
  forbidden: badRequest("not enough rights to manage chat invite link"),
  not_found: badRequest("INVITE_HASH_EXPIRED"),
  invalid: badRequest("CHAT_INVITES_TOO_MUCH"),
};

/** Where a code leads people who are asked to come. */
export function linkUrl(publicUrl: string, code: string): string {
  return new URL(`/v1/invites/${code}`, publicUrl).href;
}

function newLink(
  call: Call,
  said: Pick<LinkDraft, "asks" | "isPrimary"> & Partial<LinkDraft>,
  place: number,
): LinkDraft {
  // A repeat of a named call makes the same link.
  const code =
    call.key === undefined
      ? randomBytes(codeBytes).toString("base64url")
      : commandUuid(call, place).slice("bot-".length, "bot-".length + 16);
  return { ...said, code, url: linkUrl(call.context.publicUrl, code) };
}

function options(
  call: Call,
  values: { name: string; expire_date: number; member_limit: number; creates_join_request: boolean },
) {
  const { name, expire_date: date, member_limit: memberLimit, creates_join_request: asks } = values;
  if (name.length > linkNameCharsMax) throw badRequest("invite link name is too long");
  if (memberLimit > linkMembersMax) throw badRequest("USAGE_LIMIT_INVALID");
  if (asks && memberLimit > 0)
    throw badRequest("member limit can't be specified for links requiring administrator approval");
  if (date !== 0 && date * 1_000 <= call.context.now()) throw badRequest("EXPIRE_DATE_INVALID");
  return {
    asks,
    isPrimary: false,
    ...(name === "" ? {} : { name }),
    ...(date === 0 ? {} : { expiresMs: date * 1_000 }),
    ...(memberLimit === 0 ? {} : { memberLimit }),
  };
}

async function change(call: Call, place: Place, command: ChatCommand): Promise<void> {
  await submitOr<"changed">(call, place, { command, expected: "changed" }, linkWords);
}

async function show(call: Call, place: Place, code: string): Promise<TelegramObjects.TelegramChatInviteLink> {
  const { links, requests } = await readSettings(call.context.store, place.id);
  const link = links.get(code);
  if (link === undefined) throw badRequest("INVITE_HASH_EXPIRED");
  const people = await readPeople(call.context.store, [link.creatorId]);
  const pending = [...requests.values()].filter((each) => each.code === code).length;
  return {
    ...nativeLink(link, people),
    ...(pending === 0 ? {} : { pending_join_request_count: pending }),
  };
}

/** The bot's link that is meant, whole or by its code alone. */
async function linkOf(call: Call, place: Place, said: string): Promise<ChatLink> {
  const { links } = await readSettings(call.context.store, place.id);
  const link = links.get(said.slice(said.lastIndexOf("/") + 1));
  if (said === "" || link === undefined) throw badRequest("INVITE_HASH_EXPIRED");
  return link;
}

async function admit(
  call: Call,
  values: { chat_id: string; user_id: number },
  isApproved: boolean,
): Promise<true> {
  const place = await groupOf(call, values.chat_id);
  const { user_id: userId } = values;
  if (userId === 0) throw badRequest("invalid user_id specified");
  const { role } = await readBotMember(call.context.store, place.id, userId);
  if (role !== null && call.key === undefined) throw badRequest("USER_ALREADY_PARTICIPANT");
  const command: ChatCommand = { kind: "admit", userId, isApproved };
  await submitOr<"changed">(
    call,
    place,
    { command, expected: "changed" },
    {
      ...linkWords,
      not_found: badRequest("HIDE_REQUESTER_MISSING"),
      invalid: badRequest("CHANNELS_TOO_MUCH"),
    },
  );
  return true;
}

export const linkMethods: readonly Method[] = [
  method("exportChatInviteLink", { chat_id: chatId }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    const link = newLink(call, { asks: false, isPrimary: true }, 0);
    await change(call, place, { kind: "link", link, isNew: true });
    return link.url;
  }),
  method("createChatInviteLink", spoken, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    const link = newLink(call, options(call, values), 0);
    await change(call, place, { kind: "link", link, isNew: true });
    return await show(call, place, link.code);
  }),
  method("editChatInviteLink", { ...spoken, invite_link: text }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    const { code, url } = await linkOf(call, place, values.invite_link);
    await change(call, place, { kind: "link", link: { ...options(call, values), code, url }, isNew: false });
    return await show(call, place, code);
  }),
  method("revokeChatInviteLink", { chat_id: chatId, invite_link: text }, async (call, values) => {
    const place = await groupOf(call, values.chat_id);
    const { code, isPrimary } = await linkOf(call, place, values.invite_link);
    const next = isPrimary ? { next: newLink(call, { asks: false, isPrimary: true }, 1) } : {};
    await change(call, place, { kind: "revokeLink", code, ...next });
    return await show(call, place, code);
  }),
  method("approveChatJoinRequest", person, (call, values) => admit(call, values, true)),
  method("declineChatJoinRequest", person, (call, values) => admit(call, values, false)),
];

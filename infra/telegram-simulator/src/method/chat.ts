import { badRequest } from "../refusal.ts";
import { setMember } from "../world/group.ts";
import { type Chat, isAdministrator, isPresent } from "../world/chat.ts";
import { encodeMember } from "../world/membership.ts";
import type { Json } from "../world/message.ts";
import type { Method, MethodCall, MethodTable } from "./method.ts";
import { readChat } from "./place.ts";

function encodeMemberOf({ world }: MethodCall, chat: Chat, id: number): Json | null {
  const user = world.users.get(id) ?? world.bots.get(id)?.user;
  return user === undefined ? null : encodeMember(user, chat.members.get(id) ?? "left");
}

const getChat: Method = (call) => {
  const chat = readChat(call);
  const pinned = chat.messages.get(chat.pinned.at(-1) ?? 0);
  return {
    ...chat.json,
    accent_color_id: 0,
    max_reaction_count: 11,
    accepted_gift_types: {},
    ...(pinned === undefined ? {} : { pinned_message: pinned }),
  };
};

const getChatMember: Method = (call) => {
  const chat = readChat(call);
  const id = call.args.integer("user_id");
  if (id === undefined || Number.isNaN(id)) throw badRequest("invalid user_id specified");
  const member = encodeMemberOf(call, chat, id);
  if (member === null) throw badRequest("user not found");
  return member;
};

const getChatMemberCount: Method = (call) => {
  const chat = readChat(call);
  return [...chat.members.keys()].filter((id) => isPresent(chat, id)).length;
};

const getChatAdministrators: Method = (call) => {
  const chat = readChat(call);
  if (chat.type === "private") throw badRequest("there are no administrators in the private chat");
  const ids = [...chat.members.keys()].filter((id) => isAdministrator(chat, id) && !call.world.bots.has(id));
  return ids.map((id) => encodeMemberOf(call, chat, id));
};

const leaveChat: Method = (call) => {
  const chat = readChat(call);
  if (chat.type === "private") throw badRequest("chat member status can't be changed in private chats");
  setMember(call.world, chat, { actor: call.bot.user, subject: call.bot.user, status: "left" });
  return true;
};

export const chatMethods: MethodTable = {
  getChat,
  getChatMember,
  getChatMemberCount,
  getChatAdministrators,
  leaveChat,
};

import { type Chat, isAdministrator, isPresent, type MemberStatus } from "./chat.ts";
import type { Json, UserJson } from "./message.ts";
import type { World } from "./world.ts";

export interface MembershipChange {
  readonly actor: UserJson;
  /** Whose membership it is; a bot whose person blocked it, too. */
  readonly subject: UserJson;
  readonly from: MemberStatus;
}

/** A change of membership that has happened: the service message in groups, and the updates about it. */
export function tellMembership(world: World, chat: Chat, { actor, subject, from }: MembershipChange): void {
  const isBlocking = chat.type === "private";
  // In a private chat the person's status stands for the bot's.
  const status = chat.members.get(isBlocking ? actor.id : subject.id) ?? "left";
  const change = {
    chat: chat.json,
    from: actor,
    date: Math.floor(world.now() / 1_000),
    old_chat_member: encodeMember(subject, from),
    new_chat_member: encodeMember(subject, status),
  };
  const line = `chat ${chat.id}`;
  const concerned = world.bots.get(subject.id);
  if (concerned !== undefined) world.tell(concerned, "my_chat_member", change, line);
  if (isBlocking) return;
  for (const id of chat.members.keys()) {
    const bot = world.bots.get(id);
    if (bot !== undefined && id !== subject.id && isAdministrator(chat, id)) {
      world.tell(bot, "chat_member", change, line);
    }
  }
  if (chat.type === "channel") return;
  const came = isPresent(chat, subject.id);
  const wasThere = from !== "left" && from !== "kicked";
  if (came === wasThere) return;
  const service: Json = came ? { new_chat_members: [subject] } : { left_chat_member: subject };
  world.tellChat(chat, "message", world.store(chat, { from: actor, ...service }));
}

export function encodeMember(user: UserJson, status: MemberStatus): Json {
  const until = status === "kicked" ? { until_date: 0 } : {};
  return { user, status, ...until };
}

/** What happens to groups and channels as wholes. */
import type { Bot } from "./bot.ts";
import { type Chat, isPresent, type MemberStatus } from "./chat.ts";
import { tellMembership } from "./membership.ts";
import type { UserJson } from "./message.ts";
import type { World } from "./world.ts";

/** Adds a person or a bot, or gives them another status; `left` and `kicked` put them out. */
export function setMember(
  world: World,
  chat: Chat,
  {
    actor,
    subject,
    status,
  }: { readonly actor: UserJson; readonly subject: UserJson; readonly status: MemberStatus },
): void {
  const from = chat.members.get(subject.id) ?? "left";
  if (from === status) return;
  chat.members.set(subject.id, status);
  tellMembership(world, chat, { actor, subject, from });
}

/**
 * A group becomes a supergroup: another chat with another id. The old id answers `migrate_to_chat_id` from then on.
 *
 * @returns the supergroup
 */
export function migrate(world: World, group: Chat): Chat {
  if (group.type !== "group" || group.migratedTo !== undefined)
    throw new Error("only a group becomes a supergroup");
  const supergroup = world.addChat({ type: "supergroup", title: group.json.title ?? "" });
  for (const [id, status] of group.members) supergroup.members.set(id, status);
  const actor = [...group.members.keys()].map((id) => world.users.get(id)).find((user) => user !== undefined);
  const from = actor === undefined ? {} : { from: actor };
  world.tellChat(group, "message", world.store(group, { ...from, migrate_to_chat_id: supergroup.id }));
  group.migratedTo = supergroup.id;
  world.tellChat(supergroup, "message", world.store(supergroup, { ...from, migrate_from_chat_id: group.id }));
  return supergroup;
}

/** Members other than bots come first, so that somebody is there who added the bots. */
export function fillChat(
  world: World,
  chat: Chat,
  members: {
    readonly people: readonly UserJson[];
    readonly bots: readonly Bot[];
    readonly botStatus: MemberStatus;
  },
): void {
  members.people.forEach((user, index) => chat.members.set(user.id, index === 0 ? "creator" : "member"));
  const [actor] = members.people;
  for (const bot of members.bots) {
    if (isPresent(chat, bot.id)) continue;
    setMember(world, chat, { actor: actor ?? bot.user, subject: bot.user, status: members.botStatus });
  }
}

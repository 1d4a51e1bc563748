/** Histories of one chat, made of a seed: everything a chat is asked, by members, readers and strangers. */
import { openRandom, type Random } from "@rookery/kit";
import type {
  AclSubject,
  AddressedCommand,
  ChatCommand,
  ChatType,
  Mark,
  MemberRole,
} from "@rookery/protocol";
import { ask, birth, create, fromTelegram, invite, say } from "./command.ts";
const types: readonly ChatType[] = ["direct", "group", "group", "channel", "telegram"];
const roles: readonly MemberRole[] = ["owner", "admin", "member", "reader"];
const emojis = ["👍", "🎉", "1️⃣"];
/** Few, so that they meet. */
const usersMax = 8;

export function makeHistory(seed: number, length: number): AddressedCommand[] {
  const random = openRandom(seed);
  const type = types[random.below(types.length)] ?? "group";
  return Array.from({ length }, (_, index) => {
    // Of everything sent now and then is a repeat; the host catches those, the actor has to bear them.
    const uuid = `u-${random.once(20) ? random.below(index + 1) : index}`;
    // The first few ask for most, so that owners and admins come to act.
    const senderId = 1 + random.below(random.once(4) ? usersMax : 3);
    const command = makeCommand(random, type, seed);
    // Receipts come from an edge, for many, without a name.
    if (command.kind === "mark") return ask(0, command, "");
    const asked = ask(senderId, command, uuid);
    return random.once(5) ? { ...asked, keyId: 1 + random.below(usersMax) } : asked;
  });
}

function makeCommand(random: Random, type: ChatType, seed: number): ChatCommand {
  const userId = (): number => 1 + random.below(usersMax);
  // Most of what there is, and a little beyond it.
  const seq = (): number => 1 + random.below(30);
  const remove = random.once(4);
  const poll = { question: "tea?", options: ["yes", "no", "both"], multiple: random.once(2) };
  switch (random.below(34)) {
    case 0:
      return create(birth(type, [1, 2, userId() + 2]));
    case 1:
    case 2:
      return invite(...Array.from({ length: random.below(4) }, userId));
    case 3:
      return type === "telegram" ? fromTelegram("from afar") : say("again");
    case 4:
      return { ...say("back to that"), replyTo: 1 + random.below(40) };
    case 5:
    case 6:
      return { kind: "edit", seq: seq(), body: `no. ${random.below(1_000)}`, entities: [] };
    case 7:
      return { kind: "delete", seq: seq() };
    case 8:
    case 9:
    case 10:
      return { kind: "react", seq: seq(), emoji: emojis[random.below(emojis.length)] ?? "👍", remove };
    case 11:
    case 12:
      return { kind: "pin", seq: seq(), remove };
    case 13:
    case 14:
      return { ...say("choose"), messageKind: "poll", poll };
    case 15:
    case 16:
    case 17:
    case 18: {
      const options = Array.from({ length: random.below(3) }, () => random.below(4));
      return { kind: "vote", seq: seq(), options };
    }
    case 19:
      return { kind: "rename", title: `title ${random.below(3)}` };
    case 20:
      return { kind: "role", userId: userId(), role: roles[random.below(roles.length)] ?? "member" };
    case 21:
      return random.once(2) ? { kind: "remove", userId: userId() } : say("stay, all of you");
    case 22:
      return random.once(6) ? { kind: "leave" } : say("I stay");
    case 23:
      return random.once(40) ? { kind: "disband" } : say("it goes on");
    case 24:
    case 25: {
      const one = (): Mark => ({
        userId: userId(),
        deliveredSeq: 1 + random.below(40),
        readSeq: random.below(40),
      });
      return { kind: "mark", marks: Array.from({ length: 1 + random.below(3) }, one) };
    }
    case 26:
    case 27: {
      const right = (): boolean | null => [true, false, null][random.below(3)] ?? null;
      const subject: AclSubject = random.once(4) ? `key:${userId()}` : `user:${userId()}`;
      const entry = { canRead: right(), canSend: right(), canManage: right() };
      return { kind: "allow", subject, entry, isAdministrator: random.once(10) };
    }
    case 29:
      return { kind: "unreact", seq: seq(), userId: userId() };
    case 30:
      return makeSetting(random, userId());
    case 31:
      return makeLink(random, userId(), seed);
    default:
      return say(`no. ${random.below(1_000)}`);
  }
}

const forbidden = [[], ["send_messages"], ["send_polls", "invite_users"]] as const;

function makeSetting(random: Random, userId: number): ChatCommand {
  switch (random.below(6)) {
    case 0:
      return { kind: "describe", description: random.once(3) ? null : `about ${random.below(3)}` };
    case 1:
      return { kind: "describe", forbids: forbidden[random.below(forbidden.length)] ?? [] };
    case 2: {
      const until = random.once(2) ? {} : { untilMs: 1_700_000_000_000 + random.below(300) };
      return { kind: "restrict", userId, forbids: forbidden[random.below(forbidden.length)] ?? [], ...until };
    }
    case 3:
      return { kind: "promote", userId, rights: random.once(3) ? [] : ["manage_chat", "invite_users"] };
    case 4:
      return { kind: "entitle", userId, title: random.once(3) ? "" : "chief" };
    default:
      return random.once(3)
        ? { kind: "ban", userId, ...(random.once(2) ? {} : { untilMs: 1_700_000_000_100 }) }
        : { kind: "unban", userId, onlyIfBanned: random.once(2) };
  }
}

/** A code is one chat's. */
function makeLink(random: Random, userId: number, seed: number): ChatCommand {
  const code = `code-${seed}-${random.below(4)}`;
  const asks = random.once(3);
  switch (random.below(5)) {
    case 0:
    case 1: {
      const limit = asks || random.once(2) ? {} : { memberLimit: 1 };
      const link = { code, url: `https://a.example/${code}`, asks, isPrimary: random.once(4), ...limit };
      return { kind: "link", link, isNew: !random.once(4) };
    }
    case 2:
      return { kind: "revokeLink", code };
    case 3:
      return { kind: "join", code };
    default:
      return { kind: "admit", userId, isApproved: random.once(2) };
  }
}

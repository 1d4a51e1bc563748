/** Who is typing: from one socket to the others of its chat, on every edge. Nothing is kept, and nothing is lost by losing it. */
import type { Bus } from "@rookery/bus";
import {
  type ChatId,
  encodeInternal,
  limits,
  parseInternal,
  type ServerFrameOf,
  subjects,
  type TypingBatch,
  type UserId,
} from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { Principal } from "@rookery/auth";
import { countMembers, readRights, type Store } from "@rookery/store";
import type { Users } from "../room/users.ts";
import type { Rooms } from "../room/rooms.ts";
import type { Connection } from "./connection.ts";

/** Of one user in one chat at most one is passed on in so long. */
export const typingMs = 3_000;
/** So long it is remembered whether a member is heard in a chat. */
const voiceMs = 30_000;
/** Members remembered; beyond it those asked about first are asked about again. */
const membersMax = 10_000;
const nobody: ReadonlySet<Connection> = new Set();
/** In one message to the other edges. */
const batchMax = 5_000;

export interface Typing {
  /** A client says that its user is typing. */
  hear(connection: Connection, chatId: ChatId): void;
  /** A bot says so, which is in the chat. */
  show(chatId: ChatId, userId: UserId): void;
  /** A bot is about to say this, in a chat it is in. */
  draft(frame: ServerFrameOf<"Draft">): void;
  close(): void;
}

interface Member {
  readonly isHeard: Promise<boolean>;
  readonly askedMs: number;
  /** When the next is passed on. */
  nextMs: number;
}

export function openTyping(parts: {
  readonly bus: Pick<Bus, "publish" | "subscribe">;
  readonly store: Store;
  readonly users: Pick<Users, "connectionsOf">;
  /** Passes a frame on to the sockets of a chat, except these. */
  readonly rooms: Pick<Rooms, "tell">;
  readonly log: Log;
  /** Steady, in ms. */
  readonly now: () => number;
}): Typing {
  const { bus, store, now } = parts;
  const members = new Map<string, Member>();
  let batch: (readonly [ChatId, UserId])[] = [];

  const memberOf = (principal: Principal, chatId: ChatId): Member => {
    const key = `${principal.userId}:${principal.keyId ?? ""}:${chatId}`;
    const known = members.get(key);
    if (known !== undefined && now() - known.askedMs < voiceMs) return known;
    const isHeard = mayBeHeard(store, principal, chatId).catch((error: unknown) => {
      parts.log.warn({ err: String(error) }, "whether a member is heard could not be read");
      return false;
    });
    const member = { isHeard, askedMs: now(), nextMs: known?.nextMs ?? 0 };
    members.delete(key);
    members.set(key, member);
    const [oldest] = members.keys();
    if (members.size > membersMax && oldest !== undefined) members.delete(oldest);
    return member;
  };

  const pass = (chatId: ChatId, userId: UserId): void => {
    if (batch.length === 0) setImmediate(flush);
    batch.push([chatId, userId]);
  };
  const flush = (): void => {
    const typing = batch;
    batch = [];
    for (let from = 0; from < typing.length; from += batchMax) {
      const part: TypingBatch = { typing: typing.slice(from, from + batchMax) };
      bus.publish(subjects.typing, encodeInternal(part));
    }
  };

  const subscription = bus.subscribe(subjects.typing, ({ bytes }) => {
    const { typing, drafts = [] } = parseInternal<TypingBatch>(bytes);
    for (const draft of drafts) parts.rooms.tell(draft.chatId, draft, nobody);
    for (const [chatId, userId] of typing) {
      const own = new Set(parts.users.connectionsOf(userId));
      parts.rooms.tell(chatId, { type: "Typing", chatId, userId }, own);
    }
  });

  return {
    hear(connection, chatId) {
      if (!connection.rooms.has(chatId)) {
        connection.refuse({ code: "not_found", message: `there is no chat ${chatId}` });
        return;
      }
      const { userId, principal, mayWrite } = connection.session;
      if (!mayWrite) return;
      const member = memberOf(principal, chatId);
      if (now() < member.nextMs) return;
      member.nextMs = now() + typingMs;
      void member.isHeard.then((isHeard) => {
        // Out of the chat by now: what they type is nobody's business there.
        if (isHeard && connection.rooms.has(chatId)) pass(chatId, userId);
      });
    },
    show: pass,
    draft(frame) {
      const part: TypingBatch = { typing: [], drafts: [frame] };
      bus.publish(subjects.typing, encodeInternal(part));
    },
    close() {
      subscription.close();
    },
  };
}

/** Who may write is heard, unless the chat is a crowd. */
async function mayBeHeard(store: Store, principal: Principal, chatId: ChatId): Promise<boolean> {
  const [rights, members] = await Promise.all([
    readRights(store, chatId, principal),
    countMembers(store, chatId, limits.crowdMin + 1),
  ]);
  return rights?.canSend === true && members <= limits.crowdMin;
}

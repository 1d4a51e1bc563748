/** The chats this edge follows: events in, frames out, and whatever was lost between read from Postgres (L5). */
import type { ChatId, Event, Message, Rev, ServerFrame, UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { readChanges, readMessages, type Store } from "@rookery/store";
import type { InterestClient } from "./interest.ts";
import { type PlacedFrame, Room } from "./room.ts";

const healPage = 500;
const retryMs = 200;

export interface Rooms {
  /** Follows a chat; resolves when its place is known. Every `enter` needs a `leave`. */
  enter(chatId: ChatId): Promise<Room>;
  leave(room: Room): void;
  /** A committed event from the owner; anything but the next is a reason to heal, or old. */
  event(event: Exclude<Event, { kind: "feed" }>): void;
  /** A chat stands there; what is behind it is read. */
  head(chatId: ChatId, seq: number, rev: number): void;
  readonly size: number;
}

export function openRooms(parts: {
  readonly store: Store;
  readonly interest: Pick<InterestClient, "watch" | "unwatch">;
  readonly log: Log;
  /** Passes a frame on to the sockets of a room, in order. */
  readonly fanOut: (chatId: ChatId, frame: ServerFrame) => void;
  /** Someone has left the chat at `rev`; called after the frame that says so, before anything behind it. */
  readonly departed: (chatId: ChatId, userId: UserId, rev: Rev) => void;
}): Rooms {
  const { store, interest, log, fanOut, departed } = parts;
  const rooms = new Map<ChatId, Room>();

  const deliver = (room: Room, placed: PlacedFrame): void => {
    fanOut(room.chatId, placed.frame);
    room.pass(placed);
    if (placed.kind === "message" || placed.frame.type !== "MemberChanged") return;
    const { change, userId, rev } = placed.frame;
    if (change === "left" || change === "removed") departed(room.chatId, userId, rev);
  };

  const head = (chatId: ChatId, seq: number, rev: number): void => {
    const room = rooms.get(chatId);
    if (room === undefined) return;
    room.headSeq = Math.max(room.headSeq, seq);
    room.headRev = Math.max(room.headRev, rev);
    if (!room.known) {
      // Nobody is in it yet: it begins where the owner says.
      room.seq = room.headSeq;
      room.rev = room.headRev;
      return;
    }
    if ((room.headSeq > room.seq || room.headRev > room.rev) && !room.healing) {
      room.healing = true;
      void heal(room).finally(() => {
        room.healing = false;
      });
    }
  };

  const heal = async (room: Room): Promise<void> => {
    while ((room.headSeq > room.seq || room.headRev > room.rev) && rooms.get(room.chatId) === room) {
      try {
        for (const placed of await readAfter(store, room)) {
          if (room.isNext(placed)) deliver(room, placed);
        }
      } catch (error) {
        log.warn({ err: String(error), chatId: room.chatId }, "a gap could not be read yet");
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };

  return {
    async enter(chatId) {
      let room = rooms.get(chatId);
      if (room === undefined) {
        room = new Room(chatId);
        rooms.set(chatId, room);
        room.ready = interest.watch({ kind: "chat", id: chatId });
      }
      room.users += 1;
      await room.ready;
      return room;
    },
    leave(room) {
      room.users -= 1;
      if (room.users > 0) return;
      rooms.delete(room.chatId);
      interest.unwatch({ kind: "chat", id: room.chatId });
    },
    event(event) {
      const room = rooms.get(event.chatId);
      if (room === undefined) return;
      const placed = place(event);
      if (room.known && !room.healing && room.isNext(placed)) {
        deliver(room, placed);
        room.headSeq = Math.max(room.headSeq, room.seq);
        room.headRev = Math.max(room.headRev, room.rev);
      } else {
        const seq = placed.kind === "message" ? placed.seq : 0;
        const { rev } = placed;
        if (room.known) head(event.chatId, seq, rev);
        else {
          room.headSeq = Math.max(room.headSeq, seq);
          room.headRev = Math.max(room.headRev, rev);
        }
      }
    },
    head,
    get size() {
      return rooms.size;
    },
  };
}

/** The next frames of a room, from committed rows. Changes are read last, so that none a message waits for is missing. */
async function readAfter(store: Store, room: Room): Promise<PlacedFrame[]> {
  const messages = await readMessages(store, room.chatId, { after: room.seq, limit: healPage });
  const changes = await readChanges(store, room.chatId, { after: room.rev, limit: healPage });
  return [
    ...changes.map((frame) => ({ kind: "change", rev: frame.rev, frame }) as const),
    ...messages.map(placeMessage),
  ];
}

export function placeMessage(message: Message): PlacedFrame {
  return { kind: "message", seq: message.seq, rev: message.rev, frame: { type: "Message", ...message } };
}

function place(event: Exclude<Event, { kind: "feed" }>): PlacedFrame {
  return event.kind === "message"
    ? placeMessage(event.message)
    : { kind: "change", rev: event.rev, frame: event.frame };
}

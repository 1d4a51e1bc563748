/** The chats this edge follows: events in, frames out, and whatever was lost between read from Postgres (L5). */
import type { AclSubject, ChatId, Event, Message, Rev, ServerFrame } from "@rookery/protocol";
import { type Log, sparseWarning } from "@rookery/runtime";
import { readChanges, readMarks, readMessages, type Store } from "@rookery/store";
import type { Connection } from "../socket/connection.ts";
import type { InterestClient } from "./interest.ts";
import { placeMarks, receiptFrames } from "./receipts.ts";
import { framesOf, type Place, type Placed, Room } from "./room.ts";

const healPage = 500;
const retryMs = 200;

export interface Rooms {
  /** Follows a chat; resolves when its place is known. Every `enter` needs a `leave`. */
  enter(chatId: ChatId): Promise<Room>;
  leave(room: Room): void;
  /** A committed event from the owner; anything but the next is a reason to heal, or old. */
  event(event: Exclude<Event, { kind: "feed" }>): void;
  /** A chat stands there; what is behind it is read. */
  head(chatId: ChatId, place: Place): void;
  /** Passes on a frame that has no place in the chat's sequences, and not to these. */
  tell(chatId: ChatId, frame: ServerFrame, except: ReadonlySet<Connection>): void;
  readonly size: number;
}

export function openRooms(parts: {
  readonly store: Store;
  readonly interest: Pick<InterestClient, "watch" | "unwatch">;
  readonly log: Log;
  /** Passes a frame on to those who hear a room, in order. */
  readonly fanOut: (
    hearers: readonly Connection[],
    frame: ServerFrame,
    except?: ReadonlySet<Connection>,
  ) => void;
  /** A user, or a key, may read no further than `rev`; called after the frame that says so, before anything behind it. */
  readonly departed: (chatId: ChatId, subject: AclSubject, rev: Rev) => void;
}): Rooms {
  const { store, interest, fanOut, departed } = parts;
  const warn = sparseWarning(parts.log, "a gap could not be read yet");
  const rooms = new Map<ChatId, Room>();

  const deliver = (room: Room, placed: Placed): void => {
    for (const frame of framesOf(placed)) fanOut(room.hearers, frame);
    room.pass(placed);
    if (placed.kind !== "change") return;
    const { frame } = placed;
    if (frame.type === "MemberChanged" && (frame.change === "left" || frame.change === "removed")) {
      departed(room.chatId, `user:${frame.userId}`, frame.rev);
    }
    if (frame.type === "AccessChanged" && !frame.mayRead) {
      departed(room.chatId, frame.subject as AclSubject, frame.rev);
    }
  };

  const head = (chatId: ChatId, place: Place): void => {
    const room = rooms.get(chatId);
    if (room === undefined) return;
    room.learn(place);
    if (!room.known) room.begin();
    else startHealing(room);
  };

  const startHealing = (room: Room): void => {
    if (!room.behind || room.healing) return;
    room.healing = true;
    void heal(room).finally(() => {
      room.healing = false;
    });
  };

  const heal = async (room: Room): Promise<void> => {
    while (room.behind && rooms.get(room.chatId) === room) {
      try {
        for (const placed of await readAfter(store, room)) {
          if (room.isNext(placed)) deliver(room, placed);
        }
      } catch (error) {
        warn({ err: String(error), chatId: room.chatId });
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
      room.learn(placed);
      if (!room.known) return;
      if (!room.healing && room.isNext(placed)) deliver(room, placed);
      else startHealing(room);
    },
    head,
    tell(chatId, frame, except) {
      const room = rooms.get(chatId);
      if (room !== undefined) fanOut(room.hearers, frame, except);
    },
    get size() {
      return rooms.size;
    },
  };
}

/** The next frames of a room, from committed rows. Changes are read last, so that none a message waits for is missing. */
async function readAfter(store: Store, room: Room): Promise<Placed[]> {
  const messages = await readMessages(store, room.chatId, { after: room.seq, limit: healPage });
  const changes = await readChanges(store, room.chatId, { after: room.rev, limit: healPage });
  const marks =
    room.head.receiptRev > room.receiptRev
      ? (await readMarks(store, [room.chatId])).get(room.chatId)
      : undefined;
  return [
    ...(marks === undefined ? [] : [placeMarks(room.chatId, marks)]),
    ...changes.map((frame) => ({ kind: "change", rev: frame.rev, frame }) as const),
    ...messages.map(placeMessage),
  ];
}

export function placeMessage(message: Message): Placed {
  return { kind: "message", seq: message.seq, rev: message.rev, frame: { type: "Message", ...message } };
}

function place(event: Exclude<Event, { kind: "feed" }>): Placed {
  switch (event.kind) {
    case "message":
      return placeMessage(event.message);
    case "change":
      return { kind: "change", rev: event.rev, frame: event.frame };
    case "receipts": {
      const { chatId, receiptRev, marks, crowd } = event;
      const frames = receiptFrames(chatId, marks, crowd);
      return { kind: "receipts", fromRev: receiptRev - 1, receiptRev, frames };
    }
  }
}

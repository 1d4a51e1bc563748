import {
  type EdgeBatch,
  type Head,
  type InterestReply,
  parseActorKey,
  parseInternal,
  type ShardClaimed,
  type ShardId,
  subjects,
} from "@rookery/protocol";
import type { Bus } from "@rookery/bus";
import type { Tracer } from "@rookery/runtime";
import type { StoredMessage } from "@rookery/store";
import type { CommandGateway } from "@rookery/gateway";
import type { InterestClient } from "./room/interest.ts";
import type { Presences } from "./room/presences.ts";
import type { Rooms } from "./room/rooms.ts";
import type { Users } from "./room/users.ts";

export interface Releases {
  /** How things stand, as the owner of a shard answers. @returns false when its epoch is over: it is not listened to. */
  answer(shard: ShardId, reply: InterestReply): boolean;
  close(): void;
}

/** Takes what workers release and hands it on: replies to those who asked, events to the rooms, heads to healing. */
export function openReleases(parts: {
  readonly bus: Bus;
  readonly edge: string;
  readonly gateway: CommandGateway;
  readonly rooms: () => Rooms;
  readonly users: () => Users;
  readonly presences: () => Presences;
  readonly interest: () => InterestClient;
  readonly observeDelivery: (sinceMs: number) => void;
  readonly tracer: Tracer | null;
  /** Something of an owner deposed before came and was not listened to (L2). */
  readonly observeStale: () => void;
}): Releases {
  const { bus, gateway } = parts;
  const epochs = new Map<number, number>();

  /** Learns of newer owners. @returns whether this one is the newest. */
  const isCurrent = (shard: number, epoch: number): boolean => {
    const known = epochs.get(shard) ?? -1;
    if (epoch < known) {
      parts.observeStale();
      return false;
    }
    if (epoch > known) {
      epochs.set(shard, epoch);
      parts.interest().repeat(shard);
    }
    return true;
  };

  const takeHeads = (heads: readonly Head[]): void => {
    for (const [key, seq, rev, receiptRev] of heads) {
      const { kind, id } = parseActorKey(key);
      if (kind === "chat") parts.rooms().head(id, { seq, rev, receiptRev });
      else parts.users().head(id, rev);
    }
  };

  const subscriptions = [
    bus.subscribe(subjects.edge(parts.edge), ({ bytes }) => {
      const { shards } = parseInternal<EdgeBatch>(bytes);
      for (const release of shards) {
        if (!isCurrent(release.shard, release.epoch)) continue;
        for (const [ref, reply] of release.replies) gateway.settle(ref, reply);
        for (const event of release.events) {
          if (event.kind === "feed") parts.users().head(event.userId, event.userRev);
          else parts.rooms().event(event);
          if (event.kind !== "message") continue;
          parts.observeDelivery(event.message.ts);
          if (parts.tracer !== null) noteDelivery(parts.tracer, event.message);
        }
        takeHeads(release.heads);
        if (release.presences !== undefined) parts.presences().told(release.presences);
        if (release.interest !== undefined) parts.interest().compare(release.shard, release.interest);
        if (release.presence !== undefined) parts.presences().compare(release.shard, release.presence);
      }
    }),
    bus.subscribe(subjects.claimed, ({ bytes }) => {
      const { shard, epoch } = parseInternal<ShardClaimed>(bytes);
      if (!isCurrent(shard, epoch)) return;
      gateway.repeat(shard);
    }),
  ];

  return {
    answer(shard, { epoch, heads, presences }) {
      if (!isCurrent(shard, epoch)) return false;
      takeHeads(heads);
      if (presences !== undefined) parts.presences().told(presences);
      return true;
    },
    close() {
      for (const subscription of subscriptions) subscription.close();
    },
  };
}

/** From the log's time of a message to its writing to the sockets here. */
function noteDelivery(
  tracer: Tracer,
  message: Pick<StoredMessage, "chatId" | "senderId" | "seq" | "ts" | "uuid">,
): void {
  const { chatId, senderId, seq, uuid } = message;
  tracer.note({
    stage: "deliver",
    senderId,
    uuid,
    startMs: message.ts,
    endMs: Date.now(),
    attributes: { "rookery.chat": chatId, "rookery.seq": seq },
  });
}

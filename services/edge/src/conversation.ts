/** What sockets and chats have to do with each other on this edge: rooms, users, presence, and the frames between them. */
import type { Bus } from "@rookery/bus";
import type { Cache } from "@rookery/cache";
import { parseAclSubject } from "@rookery/protocol";
import type { Log, Tracer } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { CommandGateway } from "@rookery/gateway";
import type { FetchedFiles } from "./bot-api/take-media.ts";
import type { BotWaits } from "./bot-api/bot-waits.ts";
import { openReceiptWindow, type ReceiptWindow } from "./command/receipts.ts";
import type { EdgeMetrics } from "./edge-metrics.ts";
import type { Authentication } from "./identity/authentication.ts";
import type { FaultOf } from "./outage.ts";
import { openReleases, type Releases } from "./releases.ts";
import { openInterest } from "./room/interest.ts";
import { openPresences } from "./room/presences.ts";
import { openRooms } from "./room/rooms.ts";
import { openUsers } from "./room/users.ts";
import { type Channels, openChannels } from "./socket/channels.ts";
import { fanOut } from "./socket/fan-out.ts";
import { type FrameHandler, openFrameHandler } from "./socket/frames.ts";
import { type Membership, openMembership } from "./socket/membership.ts";
import { type Mirror, openMirror } from "./socket/mirror.ts";
import { openTyping, type Typing } from "./socket/typing.ts";

export interface Conversation {
  readonly receipts: ReceiptWindow;
  readonly membership: Membership;
  readonly channels: Channels;
  readonly mirror: Mirror;
  readonly frames: FrameHandler;
  readonly typing: Pick<Typing, "show" | "draft">;
  close(): Promise<void>;
}

export function openConversation(parts: {
  readonly bus: Bus;
  readonly store: Store;
  readonly cache: Cache;
  readonly gateway: CommandGateway;
  readonly authentication: Authentication;
  readonly waits: BotWaits;
  readonly fetched: FetchedFiles;
  readonly metrics: EdgeMetrics;
  readonly tracer: Tracer | null;
  readonly shards: number;
  readonly edge: string;
  readonly commandMs: number;
  readonly faultOf: FaultOf;
  readonly log: Log;
}): Conversation {
  const { bus, store, gateway, metrics, shards, edge, commandMs, faultOf, log } = parts;
  const releases: Releases = openReleases({
    bus,
    edge,
    gateway,
    rooms: () => rooms,
    users: () => users,
    presences: () => presences,
    interest: () => interest,
    observeStale: () => metrics.observeStale(),
    tracer: parts.tracer,
    observeDelivery: (sinceMs) => metrics.observeDelivery(sinceMs),
  });
  const interest = openInterest({
    bus,
    shards,
    edge,
    onReply: (shard, reply) => releases.answer(shard, reply),
  });
  const rooms = openRooms({
    store,
    interest,
    log,
    fanOut,
    departed: (chatId, subject, rev) => {
      membership.evict(chatId, subject, rev);
      const { kind, id } = parseAclSubject(subject);
      if (kind === "user") channels.departed(id);
    },
  });
  const users = openUsers({ interest, behind: (connection) => void membership.pull(connection) });
  const membership = openMembership({
    store,
    rooms,
    users,
    departed: (userId) => channels.departed(userId),
    log,
  });
  const receipts = openReceiptWindow({ gateway, commandMs, now: Date.now });
  const presences = openPresences({
    interest,
    shards,
    fanOut,
  });
  const channels = openChannels({ store, membership, users, presences, faultOf, log });
  const typing = openTyping({
    bus,
    store,
    users,
    rooms,
    log,
    now: () => performance.now(),
  });
  const mirror = openMirror({ cache: parts.cache, edge, users, log });
  const frames = openFrameHandler({
    store,
    gateway,
    receipts,
    membership,
    users,
    channels,
    typing,
    mirror,
    authentication: parts.authentication,
    waits: parts.waits,
    fetched: parts.fetched,
    edge,
    commandMs,
    faultOf,
  });
  return {
    receipts,
    membership,
    channels,
    mirror,
    frames,
    typing,
    async close() {
      channels.close();
      typing.close();
      await mirror.close();
      interest.close();
      releases.close();
    },
  };
}

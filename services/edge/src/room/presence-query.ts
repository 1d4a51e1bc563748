import type { Bus } from "@rookery/bus";
import {
  encodeInternal,
  parseInternal,
  type PresenceNote,
  type PresenceQuery,
  type PresenceReply,
  shardOf,
  subjects,
  type UserId,
} from "@rookery/protocol";

/** Whoever asks would rather have the account without a status than wait. */
const answerMs = 500;

/** How users are, as the owner of their shard says at this moment. */
export interface PresencePort {
  /** Null while nobody can say: the shard has no owner, or one too new to know. */
  noteOf(userId: UserId): Promise<PresenceNote | null>;
}

export function openPresencePort(parts: {
  readonly bus: Pick<Bus, "request">;
  readonly shards: number;
}): PresencePort {
  return {
    async noteOf(userId) {
      const query: PresenceQuery = { userIds: [userId] };
      const subject = subjects.presence(shardOf("user", userId, parts.shards));
      try {
        const answer = await parts.bus.request(subject, encodeInternal(query), { timeoutMs: answerMs });
        return parseInternal<PresenceReply>(answer).presences[0] ?? null;
      } catch {
        return null;
      }
    },
  };
}

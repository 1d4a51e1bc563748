/**
 * Ids are whole numbers from 1 to 2^53 − 1. The flavours keep a chat's id out of a user's place at no cost:
 * a plain number fits either, one never fits the other.
 */
type Flavour<Name extends string> = number & { readonly flavour?: Name };

export type UserId = Flavour<"user">;
export type ChatId = Flavour<"chat">;
/** Position of a message in its chat: 1, 2, 3 … without gaps (L4). */
export type Seq = Flavour<"seq">;
/** Position of a change in its chat, or of a change to a user's list of chats: 1, 2, 3 … without gaps (L4). */
export type Rev = Flavour<"rev">;
export type ShardId = Flavour<"shard">;
export type Epoch = Flavour<"epoch">;
/** A login on one device. */
export type SessionId = Flavour<"session">;
/** An API key. */
export type KeyId = Flavour<"key">;

export const idMax = Number.MAX_SAFE_INTEGER;

export type ActorKind = "chat" | "user" | "bot";

/** The address of an actor; the only writer of its rows. */
export interface ActorRef {
  readonly kind: ActorKind;
  readonly id: number;
}

/** `chat:5`, the form used as a map key, in rows and on the wire. */
export type ActorKey = `${ActorKind}:${number}`;

export function actorKey(ref: ActorRef): ActorKey {
  return `${ref.kind}:${ref.id}`;
}

export function parseActorKey(key: ActorKey): ActorRef {
  const colon = key.indexOf(":");
  return { kind: key.slice(0, colon) as ActorKind, id: Number(key.slice(colon + 1)) };
}

/**
 * What an edge tells the owner of a shard that it has: actors with sockets there, and of a user that all their sockets
 * there are `away`, or that somebody there watches their `presence`.
 */
export type InterestKind = ActorKind | "away" | "presence";

export interface InterestRef {
  readonly kind: InterestKind;
  readonly id: number;
}

export type InterestKey = `${InterestKind}:${number}`;

export function interestKey({ kind, id }: InterestRef): InterestKey {
  return `${kind}:${id}`;
}

export function parseInterestKey(key: InterestKey): InterestRef {
  const colon = key.indexOf(":");
  return { kind: key.slice(0, colon) as InterestKind, id: Number(key.slice(colon + 1)) };
}

/** The actor whose owner is told. */
export function actorOf({ kind, id }: InterestRef): ActorRef {
  return { kind: kind === "away" || kind === "presence" ? "user" : kind, id };
}

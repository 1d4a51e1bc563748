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

export const idMax = Number.MAX_SAFE_INTEGER;

export type ActorKind = "chat" | "user";

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

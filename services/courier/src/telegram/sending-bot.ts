import { type SecretBox, SecretBoxError } from "@rookery/auth";
import { Outbox } from "@rookery/bot";
import { type ChatId, type ShardId, shardOf, type UserId } from "@rookery/protocol";
import { botSecretOwner, type OpenSend, type SendingBot as BotRow } from "@rookery/store";

/** An open send in memory. */
export interface QueuedSend extends OpenSend {
  /** Of this courier. */
  attempts: number;
}

/** A bot of ours, and what is open of its sends. */
export interface SendingBot {
  readonly id: UserId;
  readonly shard: ShardId;
  readonly outbox: Outbox<QueuedSend>;
  /** Chats that have another id at Telegram than their open sends say, by ours. */
  readonly moved: Map<ChatId, number>;
  /** Null: it does not open under our master key. */
  token: string | null;
  onUnknown: BotRow["onUnknown"];
  /** Its open rows are in the outbox, those of the past too. */
  loaded: boolean;
}

/** The bots of the shards we hold, by id; those known stay the same objects. */
export function selectBots(
  rows: readonly BotRow[],
  known: ReadonlyMap<UserId, SendingBot>,
  ours: {
    readonly shards: number;
    readonly holds: (shard: ShardId) => boolean;
    readonly secrets: SecretBox;
    readonly paceFactor?: number;
  },
): Map<UserId, SendingBot> {
  const bots = new Map<UserId, SendingBot>();
  for (const row of rows) {
    const shard = shardOf("bot", row.id, ours.shards);
    if (!ours.holds(shard)) continue;
    const bot = known.get(row.id) ?? {
      id: row.id,
      shard,
      outbox: new Outbox<QueuedSend>(ours.paceFactor),
      moved: new Map(),
      token: null,
      onUnknown: row.onUnknown,
      loaded: false,
    };
    bot.token = openToken(row, ours.secrets);
    bot.onUnknown = row.onUnknown;
    bots.set(row.id, bot);
  }
  return bots;
}

function openToken({ id, tokenKeyId, tokenBox }: BotRow, secrets: SecretBox): string | null {
  try {
    return secrets.openSecret({ keyId: tokenKeyId, box: tokenBox }, botSecretOwner.token(id));
  } catch (error) {
    if (error instanceof SecretBoxError) return null;
    throw error;
  }
}

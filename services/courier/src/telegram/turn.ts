import type { Relay } from "@rookery/host";
import { type ChatId, shardOf, type UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { listAnswerRelays, type Store } from "@rookery/store";

/** Between looks: at first, and at most. */
const lookMsFirst = 5;
const lookMsMax = 100;
/** What the chat has not applied after so long is sent to it again. */
const againMs = 500;
/** Longer than any takeover; a chat that takes nothing for so long gets what there is. */
const waitMsMax = 30_000;

/**
 * Resolves when the chat has applied all that the bot answered before: so answers stand there in their order, whatever became of
 * the courier that committed the former before it could send it.
 */
export async function awaitTurn(
  parts: {
    readonly store: Store;
    readonly relay: Pick<Relay, "send">;
    readonly shards: number;
    readonly log: Log;
  },
  {
    botId,
    chatId,
    isFirst,
  }: {
    readonly botId: UserId;
    readonly chatId: ChatId;
    /** We have answered nothing there just now: what is open is another's. */
    readonly isFirst: boolean;
  },
  signal: AbortSignal,
): Promise<void> {
  const about = { botId, chatId, sourceShard: shardOf("chat", chatId, parts.shards) };
  const startMs = Date.now();
  let sentMs = isFirst ? 0 : startMs;
  for (let lookMs = lookMsFirst; !signal.aborted; lookMs = Math.min(lookMs * 2, lookMsMax)) {
    const open = await listAnswerRelays(parts.store, about);
    if (open.length === 0) return;
    const nowMs = Date.now();
    if (nowMs - startMs > waitMsMax) {
      parts.log.warn({ botId, chatId, open: open.length }, "a chat does not take a bot's answers");
      return;
    }
    if (nowMs - sentMs >= againMs) {
      parts.relay.send(open);
      sentMs = nowMs;
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

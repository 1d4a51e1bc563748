/**
 * Receipts on their way to their chats: what the sockets of this edge say within a window goes as one command a chat, and
 * only how far each has come. Windows end at the same moments on every edge, so that the chat's owner writes those of all
 * edges together.
 */
import { type ChatId, Fault, faultOfInfo, type Mark, type Reply, type UserId } from "@rookery/protocol";
import type { CommandGateway } from "@rookery/gateway";

const windowMs = 50;
/** Marks of this edge that have not committed; beyond it `overloaded` (L7). */
const waitingMax = 100_000;
/** Of one command. */
const marksMax = 1_000;
/** Until a chat that could not be reached is told again. */
const againMs = 1_000;

export interface ReceiptWindow {
  /**
   * Somebody has come so far. Resolves when that is committed; what could not be brought there is told again until it is,
   * though `mark` has thrown by then.
   * @throws Fault as the chat refused it, or when too much waits.
   */
  mark(chatId: ChatId, mark: Mark): Promise<void>;
  close(): void;
}

interface Waiting {
  readonly marks: Map<UserId, Mark>;
  readonly settle: ((reply: Reply) => void)[];
}

export function openReceiptWindow(parts: {
  readonly gateway: Pick<CommandGateway, "ask">;
  readonly commandMs: number;
  readonly now: () => number;
}): ReceiptWindow {
  let chats = new Map<ChatId, Waiting>();
  let waiting = 0;
  let timer: NodeJS.Timeout | null = null;
  const retries = new Set<NodeJS.Timeout>();
  let closed = false;

  const add = (chatId: ChatId, mark: Mark): Waiting => {
    let chat = chats.get(chatId);
    if (chat === undefined) chats.set(chatId, (chat = { marks: new Map(), settle: [] }));
    const before = chat.marks.get(mark.userId);
    if (before === undefined) waiting += 1;
    chat.marks.set(mark.userId, before === undefined ? mark : furthest(before, mark));
    timer ??= setTimeout(flush, windowEndsInMs(parts.now()));
    return chat;
  };

  const flush = (): void => {
    timer = null;
    const flushed = chats;
    chats = new Map();
    for (const [chatId, { marks, settle }] of flushed) {
      const all = [...marks.values()];
      for (let at = 0; at < all.length; at += marksMax) {
        send(chatId, all.slice(at, at + marksMax), at + marksMax < all.length ? [] : settle);
      }
    }
  };

  const send = (chatId: ChatId, marks: readonly Mark[], settle: Waiting["settle"]): void => {
    parts.gateway.ask(
      {
        actor: { kind: "chat", id: chatId },
        senderId: 0,
        uuid: "",
        source: "ws",
        command: { kind: "mark", marks },
      },
      parts.commandMs,
      (reply) => {
        if (reply.kind === "refused" && reply.fault.retryMs !== undefined && !closed) again(chatId, marks);
        else waiting -= marks.length;
        for (const each of settle) each(reply);
      },
    );
  };

  const again = (chatId: ChatId, marks: readonly Mark[]): void => {
    const retry = setTimeout(() => {
      retries.delete(retry);
      waiting -= marks.length;
      for (const mark of marks) add(chatId, mark);
    }, againMs);
    retries.add(retry);
  };

  return {
    async mark(chatId, mark) {
      if (waiting >= waitingMax) {
        throw new Fault("overloaded", "too many receipts wait on this edge", { retryMs: againMs });
      }
      const reply = await new Promise<Reply>((resolve) => add(chatId, mark).settle.push(resolve));
      if (reply.kind === "done") return;
      throw faultOfInfo(reply.fault);
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      flush();
      for (const retry of retries) clearTimeout(retry);
    },
  };
}

function furthest(one: Mark, other: Mark): Mark {
  return {
    userId: one.userId,
    deliveredSeq: Math.max(one.deliveredSeq, other.deliveredSeq),
    readSeq: Math.max(one.readSeq, other.readSeq),
  };
}

/** Until the window ends that this moment is in: at the same moments on every edge. */
export function windowEndsInMs(nowMs: number): number {
  return windowMs - (nowMs % windowMs);
}

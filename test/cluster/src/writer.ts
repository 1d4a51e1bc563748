/** Writers: people who send many messages, with a bound on what is unanswered. */
import type { FrameOf } from "@rookery/kit";
import type { Socket } from "./socket.ts";

/** Below the 1,024 pending commands a socket may have (CONTRACT §2). */
const unansweredMax = 200;

/** No ack for this long and the cluster has stopped. */
const stallMs = 20_000;

export interface Batch {
  readonly chatId: number;
  readonly uuids: readonly string[];
}

export function nameBatch(chatId: number, prefix: string, count: number): Batch {
  return { chatId, uuids: Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`) };
}

/** Sends the batch and returns its acks in the order of sending. @throws at the first Error frame. */
export async function write(socket: Socket, batch: Batch): Promise<FrameOf<"Ack">[]> {
  let answered = 0;
  for (const [sent, uuid] of batch.uuids.entries()) {
    if (sent - answered >= unansweredMax) {
      await socket.when("acks", () => (countAcks() > sent - unansweredMax / 2 ? true : undefined), stallMs);
    }
    socket.send({ type: "SendMessage", uuid, chatId: batch.chatId, body: `body of ${uuid}` });
  }
  await socket.when("the last acks", () => (countAcks() === batch.uuids.length ? true : undefined), stallMs);
  return batch.uuids.map((uuid) => socket.acks.get(uuid) as FrameOf<"Ack">);

  function countAcks(): number {
    for (; answered < batch.uuids.length; answered++) {
      const uuid = batch.uuids[answered] as string;
      const error = socket.errors.get(uuid);
      if (error !== undefined) throw new Error(`${uuid}: ${error.code}: ${error.message}`);
      if (!socket.acks.has(uuid)) break;
    }
    return answered;
  }
}

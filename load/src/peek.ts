/**
 * A frame of the server's, read as far as a load client needs: parsing all of a message costs the generator more than
 * sending it costs the server. Pure.
 */
import type { ServerFrame } from "./client.ts";

/** The beginnings of a `Message` and an `Ack`, as our servers and the controls write them. */
const message = /^\{"type":"Message","chatId":(\d+),"seq":(\d+),[^{}[\]]*?"uuid":"([\w-]+)"/;
const ack =
  /^\{"type":"Ack","uuid":"([\w-]+)","chatId":(\d+),"seq":(\d+),"rev":\d+,"ts":\d+,"duplicate":false\}$/;
const headBytes = 160;

const rest = { userId: 0, readSeq: 0, receipts: [], code: "", duplicate: false } as const;

/** What does not begin as these do is parsed as any JSON. */
export function peekFrame(payload: Buffer): ServerFrame {
  const head = payload.toString("latin1", 0, headBytes);
  const told = message.exec(head);
  if (told !== null) {
    return { ...rest, type: "Message", chatId: Number(told[1]), seq: Number(told[2]), uuid: told[3] ?? "" };
  }
  const acked = ack.exec(head);
  if (acked !== null) {
    return { ...rest, type: "Ack", uuid: acked[1] ?? "", chatId: Number(acked[2]), seq: Number(acked[3]) };
  }
  return JSON.parse(payload.toString("utf8")) as ServerFrame;
}

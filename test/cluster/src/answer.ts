/** Commands of one socket, each with what is answered to it. */
import type { ChangeFrame, ClientFrame, FrameOf } from "@rookery/kit";
import { isChange } from "@rookery/kit";
import type { Socket } from "./socket.ts";

let asked = 0;

/** Sends a command under a uuid of its own, unless it has one, and waits for what is answered to it. */
export async function ask(socket: Socket, frame: ClientFrame): Promise<FrameOf<"Ack"> | FrameOf<"Error">> {
  const uuid = frame["uuid"] ?? `asked-${++asked}`;
  let next = socket.journal.length;
  socket.send({ ...frame, uuid });
  return await socket.when(`answer to ${frame.type}`, () => {
    for (; next < socket.journal.length; next += 1) {
      const answer = socket.journal[next];
      if ((answer?.type === "Ack" || answer?.type === "Error") && answer.uuid === uuid) return answer;
    }
    return undefined;
  });
}

/** As `ask`, where anything but an Ack ends the test. */
export async function done(socket: Socket, frame: ClientFrame): Promise<FrameOf<"Ack">> {
  const answer = await ask(socket, frame);
  if (answer.type === "Error") throw new Error(`${frame.type}: ${answer.code}: ${answer.message}`);
  return answer;
}

/** As `ask`, where anything but an Error ends the test. @returns its code */
export async function refused(socket: Socket, frame: ClientFrame): Promise<string> {
  const answer = await ask(socket, frame);
  if (answer.type === "Ack") throw new Error(`${frame.type} was not refused: ${JSON.stringify(answer)}`);
  return answer.code;
}

/** The changes of a chat that a socket was told live, in order of arrival. */
function changesOf(socket: Socket, chatId: number): ChangeFrame[] {
  return socket.journal.filter((frame): frame is ChangeFrame => isChange(frame) && frame.chatId === chatId);
}

/** The changes up to `rev`, as soon as the socket has them. */
export async function heardChanges(
  socket: Socket,
  chatId: number,
  rev: number,
): Promise<readonly ChangeFrame[]> {
  return await socket.when(`change ${rev} of chat ${chatId}`, () => {
    const seen = changesOf(socket, chatId);
    return seen.some((frame) => frame.rev >= rev) ? seen : undefined;
  });
}

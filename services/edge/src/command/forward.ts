import { Fault, type Forward } from "@rookery/protocol";
import { type Reader, readMessage, readRights, type Store } from "@rookery/store";

/**
 * A message is passed on by whoever may read it where it was, and from whom it was. Its chat's actor is another than the one
 * that is asked, so this is looked at before the command goes; to whom it is not shown, it is not there.
 * @throws Fault `not_found`, or `invalid` where it names another sender.
 */
export async function demandForward(store: Store, forward: Forward, by: Reader): Promise<void> {
  const rights = await readRights(store, forward.chatId, by);
  const message = rights?.canRead === true ? await readMessage(store, forward.chatId, forward.seq) : null;
  if (message === null || message.deletedAt !== null) {
    throw new Fault("not_found", "forward: there is no such message");
  }
  if (message.senderId !== forward.senderId) {
    throw new Fault("invalid", "forward: that message is by somebody else");
  }
}

import { type ChatId, Fault, type Forward } from "@rookery/protocol";
import { type Reader, readMessage, readRights, recallChatCommands, type Store } from "@rookery/store";

/**
 * A message is passed on by whoever may read it where it was. Its chat's actor is another than the one that is asked, so this
 * is looked at before the command goes; to whom it is not shown, it is not there. A command that was done already goes
 * on, whatever has become of what it passed on: it is answered as at first (L3).
 * @returns the content, with who wrote the message it passes on: whoever passes it on need not know, and has no say in it.
 * @throws Fault `not_found`
 */
export async function checkForward<Content extends { readonly forward?: Forward }>(
  store: Store,
  content: Content,
  { chatId, uuid, by }: { readonly chatId: ChatId; readonly uuid: string | undefined; readonly by: Reader },
): Promise<Content> {
  const { forward } = content;
  if (forward === undefined) return content;
  const rights = await readRights(store, forward.chatId, by);
  const message = rights?.canRead === true ? await readMessage(store, forward.chatId, forward.seq) : null;
  if (message !== null && message.deletedAt === null) {
    return { ...content, forward: { ...forward, senderId: message.senderId } };
  }
  const done =
    uuid === undefined ? [] : await recallChatCommands(store, [{ chatId, senderId: by.userId, uuid }]);
  if (done.length === 0) throw new Fault("not_found", "forward: there is no such message");
  return content;
}

/** What Telegram has and a cluster of one's own has not, where Telegram itself has words for that. */
import { badRequest } from "../api-refusal.ts";
import { type Method, method } from "../method.ts";
import { chatId } from "../parameter.ts";
import { placeOf } from "../place.ts";

/** Groups here have one conversation each; Telegram says the same of a group that is no forum. */
const topicMethods = [
  "createForumTopic",
  "editForumTopic",
  "closeForumTopic",
  "reopenForumTopic",
  "deleteForumTopic",
  "unpinAllForumTopicMessages",
  "editGeneralForumTopic",
  "closeGeneralForumTopic",
  "reopenGeneralForumTopic",
  "hideGeneralForumTopic",
  "unhideGeneralForumTopic",
  "unpinAllGeneralForumTopicMessages",
] as const;

export const elsewhereMethods: readonly Method[] = [
  ...topicMethods.map((name) =>
    method(name, { chat_id: chatId }, async (call, values) => {
      await placeOf(call, values.chat_id);
      throw badRequest("the chat is not a forum");
    }),
  ),
  method("getForumTopicIconStickers", {}, () => Promise.resolve([])),
  // Nobody takes money here.
  method("sendInvoice", { chat_id: chatId }, async (call, values) => {
    await placeOf(call, values.chat_id);
    throw badRequest("PAYMENT_PROVIDER_INVALID");
  }),
];

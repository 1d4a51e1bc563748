/** A message while it is being written: shown to whom it is for, and kept nowhere. */
import { badRequest } from "../api-refusal.ts";
import { formatted, textMax } from "../content.ts";
import { type Method, method } from "../method.ts";
import { chatId, integer, list, text } from "../parameter.ts";
import { placeOf } from "../place.ts";

export const draftMethods: readonly Method[] = [
  method(
    "sendMessageDraft",
    {
      chat_id: chatId,
      draft_id: integer(0, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      text,
      parse_mode: text,
      entities: list("message entities"),
    },
    async (call, { chat_id: chat, draft_id: draftId, text: said, parse_mode: parseMode, entities }) => {
      const place = await placeOf(call, chat);
      if (place.type !== "direct") throw badRequest("method is available for private chats only");
      if (draftId === 0) throw badRequest("draft identifier must be non-zero");
      const words = formatted(said, { parseMode: parseMode === "" ? undefined : parseMode, entities });
      if (words.text.length > textMax) throw badRequest("message is too long");
      call.context.showDraft({
        type: "Draft",
        chatId: place.id,
        userId: call.bot.id,
        draftId: Math.abs(draftId),
        body: words.text,
        entities: words.entities,
      });
      return true;
    },
  ),
];

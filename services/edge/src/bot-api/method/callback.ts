/** What a bot says to whoever pressed one of its buttons. */
import { answerCallback } from "@rookery/store";
import { badRequest } from "../api-refusal.ts";
import { type Method, method } from "../method.ts";
import { flag, text } from "../parameter.ts";

const textCharsMax = 200;
const urlCharsMax = 2_048;

export const callbackMethods: readonly Method[] = [
  method(
    "answerCallbackQuery",
    { callback_query_id: text, text, show_alert: flag, url: text },
    async (
      { context, bot, key: callKey },
      { callback_query_id: name, text: said, show_alert: alert, url },
    ) => {
      if (said.length > textCharsMax) throw badRequest("MESSAGE_TOO_LONG");
      if (url !== "" && !isLink(url)) throw badRequest("URL_INVALID");
      const answer = {
        ...(said === "" ? {} : { text: said }),
        ...(alert ? { alert } : {}),
        ...(url === "" ? {} : { url }),
      };
      const queryId = /^[1-9]\d{0,15}$/.test(name) ? Number(name) : 0;
      const key = { id: queryId, botId: bot.id };
      const when = { nowMs: context.now(), isNamed: callKey !== undefined };
      const edge = await answerCallback(context.store, key, answer, when);
      if (edge === null) {
        throw badRequest("query is too old and response timeout expired or query ID is invalid");
      }
      if (edge !== "") context.waits.tell(edge, { queryId, ...answer });
      return true;
    },
  ),
];

function isLink(url: string): boolean {
  return url.length <= urlCharsMax && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

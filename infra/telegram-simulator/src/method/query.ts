import { badJson, makeArguments } from "../http/arguments.ts";
import { badRequest } from "../refusal.ts";
import type { Query } from "../world/bot.ts";
import type { Json } from "../world/message.ts";
import type { Method, MethodCall, MethodTable } from "./method.ts";

const answerCharsMax = 200;
const resultsMax = 50;

/** A query is answered once, while it lives. */
function takeQuery({ bot, world, args }: MethodCall, kind: Query["kind"], field: string): Query {
  const id = args.text(field);
  const query = bot.queries.get(id);
  if (query === undefined || query.kind !== kind || query.untilMs <= world.now()) {
    throw badRequest("query is too old and response timeout expired or query ID is invalid");
  }
  bot.queries.delete(id);
  return query;
}

const answerCallbackQuery: Method = (call) => {
  const text = call.args.text("text");
  if (text.length > answerCharsMax) throw badRequest("MESSAGE_TOO_LONG");
  const { userId } = takeQuery(call, "callback", "callback_query_id");
  const body: Json = {
    callback_query_id: call.args.text("callback_query_id"),
    ...(text === "" ? {} : { text }),
    show_alert: call.args.flag("show_alert"),
  };
  call.see({ kind: "callback_answer", chatId: userId, userIds: [userId], body });
  return true;
};

const answerInlineQuery: Method = (call) => {
  const results = call.args.json("results");
  if (results === badJson || !Array.isArray(results))
    throw badRequest("can't parse inline query results JSON object");
  if (results.length > resultsMax) throw badRequest("RESULTS_TOO_MUCH");
  const ids = results.map((result: Json) => makeArguments(result).text("id"));
  if (ids.some((id) => id === "" || Buffer.byteLength(id) > 64)) throw badRequest("RESULT_ID_INVALID");
  if (new Set(ids).size < ids.length) throw badRequest("RESULT_ID_DUPLICATE");
  const { userId } = takeQuery(call, "inline", "inline_query_id");
  call.see({ kind: "inline_answer", chatId: userId, userIds: [userId], body: { results } });
  return true;
};

export const queryMethods: MethodTable = { answerCallbackQuery, answerInlineQuery };

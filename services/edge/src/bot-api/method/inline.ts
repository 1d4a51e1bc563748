/** What a bot offers to whoever asked it, wherever they are. */
import { inlineCacheMsMax } from "@rookery/protocol";
import { answerInline } from "@rookery/store";
import { attachmentOf } from "../../file/files.ts";
import { badRequest } from "../api-refusal.ts";
import { readResults } from "../inline-result.ts";
import { type Method, method } from "../method.ts";
import { flag, integer, json, text } from "../parameter.ts";

const offsetBytesMax = 64;
/** Of a whole answer, as it is kept (L7). */
const answerBytesMax = 524_288;
const cacheSecondsDefault = 300;

export const inlineMethods: readonly Method[] = [
  method(
    "answerInlineQuery",
    {
      inline_query_id: text,
      results: json("results"),
      cache_time: integer(cacheSecondsDefault, 0, inlineCacheMsMax / 1_000),
      is_personal: flag,
      next_offset: text,
    },
    async ({ context, bot }, values) => {
      const { inline_query_id: name, next_offset: nextOffset, is_personal: isPersonal } = values;
      if (Buffer.byteLength(nextOffset) > offsetBytesMax) throw badRequest("NEXT_OFFSET_INVALID");
      const results = await readResults(values.results ?? [], async (fileName, kind) => {
        const fileId = context.files.names.fileOf(bot.id, fileName);
        const file = fileId === null ? null : await context.files.read(fileId);
        if (file === null) {
          throw badRequest("wrong remote file identifier specified: can't unserialize it. Wrong last symbol");
        }
        return attachmentOf(file, kind);
      });
      const answer = { results, nextOffset };
      if (Buffer.byteLength(JSON.stringify(answer)) > answerBytesMax) throw badRequest("RESULTS_TOO_MUCH");
      const queryId = /^[1-9]\d{0,15}$/.test(name) ? Number(name) : 0;
      const cacheMs = values.cache_time * 1_000;
      const key = { id: queryId, botId: bot.id };
      const edge = await answerInline(context.store, key, { answer, isPersonal, cacheMs }, context.now());
      if (edge === null) {
        throw badRequest("query is too old and response timeout expired or query ID is invalid");
      }
      context.waits.tell(edge, { queryId });
      return true;
    },
  ),
];

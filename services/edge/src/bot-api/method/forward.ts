/** Messages said again: forwarded under their sender's name, or copied as one's own. */
import { ApiRefusal, badRequest } from "../api-refusal.ts";
import type { NativeMessage, TelegramObjects } from "@rookery/telegram";
import { caption } from "../content.ts";
import { type Call, type Method, method } from "../method.ts";
import { chatId, flag, list, seq } from "../parameter.ts";
import { type Place, placeOf } from "../place.ts";
import { messageAt, showMessage } from "../show.ts";
import { seqsOf } from "./change.ts";
import { type Said, sending, sendTo } from "./send.ts";

const from = { from_chat_id: chatId, message_id: seq };
const many = {
  ...sending,
  from_chat_id: chatId,
  message_ids: list("message identifiers"),
  remove_caption: flag,
};

/** All that a message holds, to be said once more. */
function contentOf({
  kind,
  body,
  entities,
  attachments,
  poll,
  location,
  contact,
  extra,
}: NativeMessage): Said {
  const { mediaGroupId: _group, isProtected: _protected, ...more } = extra ?? {};
  return {
    kind,
    body,
    entities,
    attachments,
    ...(poll === undefined
      ? {}
      : {
          poll: {
            question: poll.question,
            options: poll.options.map(({ text }) => text),
            multiple: poll.multiple,
          },
        }),
    ...(location === undefined ? {} : { location }),
    ...(contact === undefined ? {} : { contact }),
    ...(Object.keys(more).length === 0 ? {} : { extra: more }),
  };
}

async function sourceOf(
  call: Call,
  place: Place,
  at: number,
  verb: "forward" | "copy",
): Promise<NativeMessage> {
  const message = await messageAt(call, place, at);
  if (message === null) throw badRequest(`message to ${verb} not found`);
  const isSecret = message.extra?.isProtected === true || message.kind === "e2ee";
  if (message.kind === "service" || isSecret)
    throw badRequest(`message can't be ${verb === "copy" ? "copied" : "forwarded"}`);
  return message;
}

type Sent = Parameters<typeof sendTo>[2]["values"];

async function forward(
  call: Call,
  places: readonly [Place, Place],
  about: { readonly at: number; readonly values: Sent; readonly nth: number },
): Promise<number> {
  const [source, target] = places;
  const message = await sourceOf(call, source, about.at, "forward");
  // Whose words they are stays, however often they are forwarded.
  const origin = message.forward ?? { chatId: source.id, seq: message.seq, senderId: message.senderId };
  return await sendTo(call, target, {
    ...contentOf(message),
    forward: origin,
    values: about.values,
    nth: about.nth,
  });
}

async function copy(
  call: Call,
  places: readonly [Place, Place],
  about: {
    readonly at: number;
    readonly values: Sent;
    readonly nth: number;
    /** In place of the one there is. */
    readonly caption: Pick<Said, "body" | "entities">;
  },
): Promise<number> {
  const [source, target] = places;
  const message = await sourceOf(call, source, about.at, "copy");
  // Only what stands beside a file is a caption: a text stays as it is.
  const isFile = message.attachments.length > 0;
  return await sendTo(call, target, {
    ...contentOf(message),
    ...(isFile ? about.caption : {}),
    values: about.values,
    nth: about.nth,
  });
}

async function placesOf(
  call: Call,
  values: { chat_id: string; from_chat_id: string },
): Promise<readonly [Place, Place]> {
  const target = await placeOf(call, values.chat_id);
  const source = await placeOf(call, values.from_chat_id);
  return [source, target];
}

/** Those that can be; the others are passed over, as Telegram does. */
async function each(
  seqs: readonly number[],
  say: (at: number, nth: number) => Promise<number>,
): Promise<TelegramObjects.TelegramMessageId[]> {
  const said: TelegramObjects.TelegramMessageId[] = [];
  for (const [nth, at] of seqs.entries()) {
    try {
      said.push({ message_id: await say(at, nth) });
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.code !== 400) throw error;
    }
  }
  return said;
}

export const forwardMethods: readonly Method[] = [
  method("forwardMessage", { ...sending, ...from }, async (call, values) => {
    const places = await placesOf(call, values);
    const at = await forward(call, places, { at: values.message_id, values, nth: 0 });
    return await showMessage(call, places[1].chat, at);
  }),
  method("forwardMessages", many, async (call, values) => {
    const places = await placesOf(call, values);
    return await each(seqsOf(values.message_ids), (at, nth) => forward(call, places, { at, values, nth }));
  }),
  method("copyMessage", { ...sending, ...from }, async (call, values) => {
    const places = await placesOf(call, values);
    const words = call.args.text("caption") === undefined ? null : caption(call.args);
    const said = words === null ? {} : { body: words.text, entities: words.entities };
    const about = { at: values.message_id, values, nth: 0, caption: said };
    return { message_id: await copy(call, places, about) };
  }),
  method("copyMessages", many, async (call, values) => {
    const places = await placesOf(call, values);
    const said = values.remove_caption ? { body: "", entities: [] } : {};
    return await each(seqsOf(values.message_ids), (at, nth) =>
      copy(call, places, { at, values, nth, caption: said }),
    );
  }),
];

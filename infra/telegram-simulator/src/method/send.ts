import { badJson, makeArguments } from "../http/arguments.ts";
import type { Part } from "../http/multipart.ts";
import { badRequest, Refusal } from "../refusal.ts";
import { encodeMedia, type MediaKind, mediaFormats, type StoredFile } from "../world/file.ts";
import type { Json } from "../world/message.ts";
import type { Method, MethodCall, MethodTable } from "./method.ts";
import { admit, readChat, readMessage, readOpenChat } from "./place.ts";
import { readCaption, readFrame, readText, show } from "./post.ts";

const uploadBytesMax = 50 * 1_048_576;
const photoBytesMax = 10 * 1_048_576;
const albumMin = 2;
const albumMax = 10;
const actions = new Set([
  "typing",
  "upload_photo",
  "record_video",
  "upload_video",
  "record_voice",
  "upload_voice",
  "upload_document",
  "choose_sticker",
  "find_location",
  "record_video_note",
  "upload_video_note",
]);

/** A method that shows one message; `read` says what is in it. */
function sending(read: (call: MethodCall) => Json): Method {
  return (call) => {
    const content = read(call);
    const { chat, reply, markup } = readFrame(call);
    admit(call, chat);
    return show(call, chat, { ...reply, ...content }, markup);
  };
}

function media(kind: MediaKind): Method {
  return sending((call) => {
    const reference = call.args.text(kind);
    const file = readFile(call, kind, call.args.file(kind) ?? call.args.file(reference), reference);
    return { ...encodeMedia(kind, file), ...readCaption(call) };
  });
}

/** An upload, an id of a file that was seen before, or an address (whose file is made up). */
function readFile(call: MethodCall, kind: MediaKind, part: Part | undefined, reference: string): StoredFile {
  const { folder, name, mime } = mediaFormats[kind];
  const { files } = call.world;
  if (part !== undefined) {
    if (part.bytes.length === 0) throw badRequest("file must be non-empty");
    const most = kind === "photo" ? photoBytesMax : uploadBytesMax;
    if (part.bytes.length > most) throw new Refusal(413, "Request Entity Too Large");
    return files.put({ name: part.fileName ?? name, mime: part.mime ?? mime, bytes: part.bytes, folder });
  }
  if (reference === "") throw badRequest(`there is no ${kind.replace("_", " ")} in the request`);
  const known = files.byId(reference);
  if (known !== undefined) return known;
  if (!/^https?:\/\/[^\s/]+/.test(reference)) throw badRequest("wrong file identifier/HTTP URL specified");
  return files.put({ name, mime, bytes: Buffer.from(reference), folder });
}

function readNumber({ args }: MethodCall, field: string): number {
  const text = args.text(field);
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) throw badRequest(`${field} is empty`);
  return value;
}

function readLocation(call: MethodCall): Json {
  const latitude = readNumber(call, "latitude");
  const longitude = readNumber(call, "longitude");
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) throw badRequest("wrong location specified");
  return { latitude, longitude };
}

function required({ args }: MethodCall, field: string): string {
  const text = args.text(field);
  if (text === "") throw badRequest(`${field} is empty`);
  return text;
}

const pollOptionsMin = 2;
const pollOptionsMax = 12;
const pollQuestionCharsMax = 300;
const pollOptionCharsMax = 100;

function readPoll(call: MethodCall): Json {
  const { args, world } = call;
  const given = args.json("options");
  if (given === badJson || !Array.isArray(given)) throw badRequest("can't parse options JSON object");
  if (given.length < pollOptionsMin) throw badRequest("poll must have at least 2 option");
  if (given.length > pollOptionsMax) throw badRequest("poll can't have more than 12 options");
  const texts = given.map((option: unknown) =>
    typeof option === "string" ? option : makeArguments(option as Json).text("text"),
  );
  if (texts.some((text) => text.trim() === "")) throw badRequest("poll options must be non-empty");
  if (texts.some((text) => text.length > pollOptionCharsMax))
    throw badRequest(`poll options length must not exceed ${pollOptionCharsMax}`);
  const question = required(call, "question");
  if (question.length > pollQuestionCharsMax)
    throw badRequest(`poll question length must not exceed ${pollQuestionCharsMax}`);
  const anonymous = args.text("is_anonymous");
  return {
    id: world.nextQueryId(),
    question,
    options: texts.map((text) => ({ text, voter_count: 0 })),
    total_voter_count: 0,
    is_closed: false,
    is_anonymous: anonymous !== "false",
    type: "regular",
    allows_multiple_answers: args.flag("allows_multiple_answers"),
  };
}

const sendMediaGroup: Method = (call) => {
  const given = call.args.json("media");
  if (given === badJson || !Array.isArray(given)) throw badRequest("can't parse media JSON object");
  const items = given as readonly Json[];
  if (items.length === 0) throw badRequest("there are no messages to send");
  if (items.length < albumMin || items.length > albumMax)
    throw badRequest("wrong number of messages in the album");
  const contents = items.map((item) => {
    const args = makeArguments(item);
    const kind = args.text("type") as MediaKind;
    if (!["photo", "video", "document", "audio"].includes(kind))
      throw badRequest("can't parse InputMedia: type of media is wrong");
    const reference = args.text("media");
    const file = readFile(call, kind, call.args.file(reference), reference);
    return { ...encodeMedia(kind, file), ...readCaption({ args }) };
  });
  const { chat, reply } = readFrame(call);
  admit(call, chat, contents.length);
  const album = { media_group_id: call.world.nextQueryId() };
  return contents.map((content) => show(call, chat, { ...reply, ...content, ...album }, undefined));
};

const sendChatAction: Method = (call) => {
  const chat = readOpenChat(call);
  const action = call.args.text("action").toLowerCase();
  if (!actions.has(action)) throw badRequest("wrong parameter action in request");
  const userIds = call.world.readersOf(chat);
  call.see({ kind: "action", chatId: chat.id, userIds, body: { action } });
  return true;
};

/** What a copy keeps of its original. */
function contentOf(message: Json): Json {
  const own = [
    "message_id",
    "date",
    "chat",
    "from",
    "sender_chat",
    "reply_to_message",
    "reply_markup",
    "edit_date",
  ];
  return Object.fromEntries(Object.entries(message).filter(([field]) => !own.includes(field)));
}

const copyMessage: Method = (call) => {
  const source = readMessage(call, readChat(call, "from_chat_id"), "message to copy not found");
  const { chat, reply, markup } = readFrame(call);
  admit(call, chat);
  return { message_id: show(call, chat, { ...reply, ...contentOf(source) }, markup).message_id };
};

const forwardMessage: Method = (call) => {
  const source = readMessage(call, readChat(call, "from_chat_id"), "message to forward not found");
  const chat = readOpenChat(call);
  admit(call, chat);
  const origin = { type: "user", sender_user: source.from, date: source.date };
  return show(call, chat, { ...contentOf(source), forward_origin: origin }, undefined);
};

export const sendMethods: MethodTable = {
  sendMessage: sending(readText),
  sendPhoto: media("photo"),
  sendDocument: media("document"),
  sendVideo: media("video"),
  sendAudio: media("audio"),
  sendVoice: media("voice"),
  sendAnimation: media("animation"),
  sendSticker: media("sticker"),
  sendVideoNote: media("video_note"),
  sendLocation: sending((call) => ({ location: readLocation(call) })),
  sendVenue: sending((call) => ({
    venue: {
      location: readLocation(call),
      title: required(call, "title"),
      address: required(call, "address"),
    },
  })),
  sendContact: sending((call) => ({
    contact: { phone_number: required(call, "phone_number"), first_name: required(call, "first_name") },
  })),
  sendPoll: sending((call) => ({ poll: readPoll(call) })),
  sendMediaGroup,
  sendChatAction,
  copyMessage,
  forwardMessage,
};

import { badRequest } from "../refusal.ts";
import type { Json } from "../world/message.ts";

const buttonsMax = 100;
const callbackBytesMax = 64;
const actions = [
  "url",
  "callback_data",
  "web_app",
  "login_url",
  "switch_inline_query",
  "switch_inline_query_current_chat",
  "switch_inline_query_chosen_chat",
  "copy_text",
  "callback_game",
  "pay",
];

/** A keyboard or a wish about one. Undefined when there is none. @throws Refusal in Telegram's words */
export function readReplyMarkup(given: unknown): Json | undefined {
  if (given === undefined || given === "") return undefined;
  if (!isObject(given)) throw badRequest("object expected as reply markup");
  if (given["inline_keyboard"] !== undefined) {
    const rows = readRows(given["inline_keyboard"], "inline keyboard");
    const buttons = rows.map((row) => row.map(readInlineButton));
    // An empty keyboard is none.
    return buttons.flat().length === 0 ? {} : { inline_keyboard: buttons.filter((row) => row.length > 0) };
  }
  if (given["keyboard"] !== undefined) {
    const rows = readRows(given["keyboard"], "keyboard");
    return { ...given, keyboard: rows.map((row) => row.map(readButton)) };
  }
  if (given["remove_keyboard"] === true) return { remove_keyboard: true };
  if (given["force_reply"] === true) return { ...given };
  return undefined;
}

function readRows(given: unknown, what: string): readonly (readonly unknown[])[] {
  if (!Array.isArray(given))
    throw badRequest(`can't parse ${what}: field "${what.replace(" ", "_")}" must be of type Array`);
  const rows = given.map((row: unknown) => {
    if (!Array.isArray(row))
      throw badRequest(`can't parse ${what}: expected an Array of Array of ${what} buttons`);
    return row as readonly unknown[];
  });
  if (rows.flat().length > buttonsMax) throw badRequest("REPLY_MARKUP_TOO_LONG");
  return rows;
}

function readInlineButton(given: unknown): Json {
  if (!isObject(given)) throw badRequest("can't parse inline keyboard button: expected an Object");
  readLabel(given, "inline keyboard button");
  const action = actions.find((name) => given[name] !== undefined && given[name] !== "");
  if (action === undefined) {
    throw badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
  }
  if (action === "callback_data") {
    const data = given["callback_data"];
    if (typeof data !== "string" || Buffer.byteLength(data) > callbackBytesMax)
      throw badRequest("BUTTON_DATA_INVALID");
  }
  if (action === "url") {
    const url = given["url"];
    const isUrl = typeof url === "string" && /^(?:https?:\/\/|tg:\/\/)?[^\s/]+\.?[^\s]*$/.test(url);
    if (!isUrl) throw badRequest(`inline keyboard button URL '${String(url)}' is invalid: Wrong HTTP URL`);
  }
  return given;
}

function readButton(given: unknown): Json {
  if (typeof given === "string") return { text: given };
  if (!isObject(given)) throw badRequest("can't parse keyboard button: expected an Object");
  readLabel(given, "keyboard button");
  return given;
}

function readLabel(button: Json, what: string): void {
  const { text } = button;
  if (text === undefined || text === "") throw badRequest(`can't parse ${what}: Can't find field "text"`);
  if (typeof text !== "string") throw badRequest(`can't parse ${what}: Field "text" must be of type String`);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `reply_markup` as our keyboards, with Telegram's words for what is wrong with it. Pure. */
import { type Keyboard, limits } from "@rookery/protocol";
import { badRequest } from "./api-refusal.ts";
import { type Fields, isFields, json, wordOf } from "./parameter.ts";
import type { Parameter } from "./method.ts";

type Button = Keyboard["rows"][number]["buttons"][number];

const buttonsMax = 100;
const readMarkup = json("reply keyboard markup");

/** Undefined: none is said. `force_reply` is nothing our clients show. */
export const replyMarkup: Parameter<Keyboard | undefined> = (args, name) => {
  const value = readMarkup(args, name);
  return markupOf(value);
};

/** Of what is JSON already. @throws ApiRefusal */
export function markupOf(value: unknown): Keyboard | undefined {
  if (value === undefined) return undefined;
  if (!isFields(value)) throw badRequest("object expected as reply markup");
  const { inline_keyboard: inline, keyboard, remove_keyboard: removed } = value;
  if (inline !== undefined) return { rows: rowsOf(inline, inlineButton), place: "inline" };
  if (keyboard !== undefined) return { rows: rowsOf(keyboard, replyButton), place: "reply" };
  return removed === true ? { rows: [], place: "removed" } : undefined;
}

function rowsOf(value: unknown, read: (button: unknown) => Button): Keyboard["rows"] {
  if (!Array.isArray(value)) throw badRequest('field "inline_keyboard" must be of type Array');
  const rows = value.map((row) => {
    if (!Array.isArray(row)) throw badRequest("can't parse keyboard: expected an Array of Array of buttons");
    return { buttons: row.map(read) };
  });
  const kept = rows.filter(({ buttons }) => buttons.length > 0);
  const count = kept.reduce((sum, { buttons }) => sum + buttons.length, 0);
  const isWide = kept.some(({ buttons }) => buttons.length > limits.buttonsInRowMax);
  if (count > buttonsMax || isWide || kept.length > limits.keyboardRowsMax) {
    throw badRequest("reply markup is too long");
  }
  return kept;
}

function inlineButton(value: unknown): Button {
  const { text, button } = buttonOf(value);
  const { callback_data: data, copy_text: copied } = button;
  if (typeof data === "string") {
    if (data === "" || Buffer.byteLength(data) > 64) throw badRequest("BUTTON_DATA_INVALID");
    return { text, data };
  }
  const link = linkOf(button);
  if (link !== undefined) return { text, url: pageOf(link) };
  if (isFields(copied)) {
    const copy = wordOf(copied, "text");
    if (!/\S/.test(copy) || copy.length > 256) throw badRequest("BUTTON_COPY_TEXT_INVALID");
    return { text, copy };
  }
  const begun = questionOf(button);
  if (begun !== undefined) return { text, ...begun };
  throw badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
}

/** A page, also where Telegram would log the person in there, or show it in a window of its own. */
function linkOf({ url, login_url: login, web_app: app }: Fields): string | undefined {
  const page = [login, app].find(isFields)?.["url"];
  return [url, page].find((each) => typeof each === "string");
}

/** The link written out, as at Telegram: `t.me/rook` is a page of http. No other programs are started by it than Telegram starts. */
function pageOf(link: string): string {
  const isWhole = /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(link);
  const page = isWhole ? link : `http://${link}`;
  const isPage = /^(?:https?|tg|ton|tonsite):/i.test(page) && (isWhole || /^[^/?#]*\./.test(link));
  if (!isPage || !URL.canParse(page) || Buffer.byteLength(page) > 2_048)
    throw badRequest("BUTTON_URL_INVALID");
  return page;
}

/** What a press begins to ask the bot in inline mode. */
function questionOf(button: Fields): Pick<Button, "inline" | "query"> | undefined {
  const { switch_inline_query: elsewhere, switch_inline_query_current_chat: here } = button;
  const chosen = button["switch_inline_query_chosen_chat"];
  const said = [here, elsewhere].find((each) => typeof each === "string");
  if (said === undefined && !isFields(chosen)) return undefined;
  const query = said ?? (isFields(chosen) ? wordOf(chosen, "query") : "");
  if (query.length > 256) throw badRequest("BUTTON_QUERY_INVALID");
  return { inline: typeof here === "string" ? "here" : "elsewhere", ...(query === "" ? {} : { query }) };
}

function replyButton(value: unknown): Button {
  if (typeof value === "string") return { text: textOf(value) };
  const { text, button } = buttonOf(value);
  if (button["request_contact"] === true) return { text, request: "contact" };
  if (button["request_location"] === true) return { text, request: "location" };
  return { text };
}

function buttonOf(value: unknown): { readonly text: string; readonly button: Fields } {
  if (!isFields(value)) throw badRequest("can't parse keyboard button: KeyboardButton must be an Object");
  return { text: textOf(value["text"]), button: value };
}

function textOf(value: unknown): string {
  if (typeof value !== "string" || !/\S/.test(value)) {
    throw badRequest('can\'t parse keyboard button: Field "text" must be a non-empty String');
  }
  if (Buffer.byteLength(value) > 256) throw badRequest("reply markup is too long");
  return value;
}

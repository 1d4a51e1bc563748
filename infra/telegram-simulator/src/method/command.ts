import { badJson, makeInner } from "../http/arguments.ts";
import { badRequest } from "../refusal.ts";
import type { Command } from "../world/bot.ts";
import type { Method, MethodCall, MethodTable } from "./method.ts";

const commandsMax = 100;
const descriptionCharsMax = 256;
/** What each scope needs besides its type. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  default: [],
  all_private_chats: [],
  all_group_chats: [],
  all_chat_administrators: [],
  chat: ["chat_id"],
  chat_administrators: ["chat_id"],
  chat_member: ["chat_id", "user_id"],
};

/** The key of the list that a call means: its scope and its language. */
function readPlace({ args }: MethodCall): string {
  const scope = makeInner(args.json("scope") ?? { type: "default" });
  if (scope === undefined) throw badRequest("can't parse BotCommandScope: expected an Object");
  const type = scope.text("type");
  const fields = scopes[type];
  if (fields === undefined) throw badRequest("can't parse BotCommandScope: unsupported type specified");
  const ids = fields.map((field) => {
    const value = scope.text(field);
    if (value === "") throw badRequest(`can't parse BotCommandScope: can't find field "${field}"`);
    return value;
  });
  const language = args.text("language_code");
  if (!/^(?:[a-z]{2})?$/.test(language)) throw badRequest("LANG_CODE_INVALID");
  return [type, ...ids, language].join("/");
}

function readCommands({ args }: MethodCall): Command[] {
  const given = args.json("commands");
  if (given === undefined) return [];
  if (given === badJson || !Array.isArray(given)) throw badRequest("can't parse commands JSON object");
  if (given.length > commandsMax) throw badRequest("BOT_COMMANDS_TOO_MUCH");
  return given.map((each: unknown) => {
    const one = makeInner(each);
    if (one === undefined) throw badRequest("can't parse BotCommand: expected an Object");
    const command = one.text("command").replace(/^\//, "");
    const description = one.text("description").trim();
    if (!/^[a-z0-9_]{1,32}$/.test(command)) throw badRequest("BOT_COMMAND_INVALID");
    if (description === "" || description.length > descriptionCharsMax) {
      throw badRequest("BOT_COMMAND_DESCRIPTION_INVALID");
    }
    return { command, description };
  });
}

const setMyCommands: Method = (call) => {
  const place = readPlace(call);
  const commands = readCommands(call);
  if (commands.length === 0) call.bot.commands.delete(place);
  else call.bot.commands.set(place, commands);
  return true;
};

export const commandMethods: MethodTable = {
  setMyCommands,
  getMyCommands: (call) => call.bot.commands.get(readPlace(call)) ?? [],
  deleteMyCommands(call) {
    call.bot.commands.delete(readPlace(call));
    return true;
  },
};

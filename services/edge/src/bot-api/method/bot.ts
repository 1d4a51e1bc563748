/** What a bot asks and says of itself. */
import { readBotCommands, readBotSetting, writeBotCommands, writeBotSetting } from "@rookery/store";
import { adminRights } from "@rookery/protocol";
import { nativeRights, type TelegramObjects } from "@rookery/telegram";
import { badRequest } from "../api-refusal.ts";
import { type Call, type Method, method } from "../method.ts";
import { chatId, flag, integer, isFields, json, list, optionalInteger, text, wordOf } from "../parameter.ts";
import { rightsOf } from "./administration.ts";
import { placeOf } from "../place.ts";
import { filePathOf } from "../download.ts";

const commandsMax = 100;
const language = text;

/** Telegram's word for where a menu is shown, in ours. @throws ApiRefusal */
async function scopeOf(call: Call, said: unknown): Promise<string> {
  if (said === undefined) return "default";
  const type = isFields(said) ? said["type"] : undefined;
  if (!isFields(said) || typeof type !== "string") {
    throw badRequest("can't parse BotCommandScope: Object expected as bot command scope");
  }
  switch (type) {
    case "default":
    case "all_private_chats":
    case "all_group_chats":
      return type;
    case "all_chat_administrators":
      return type;
    case "chat":
    case "chat_administrators":
    case "chat_member": {
      const { id } = await placeOf(call, wordOf(said, "chat_id"));
      const userId = Number(said["user_id"]);
      if (type !== "chat_member") return `${type}:${id}`;
      if (!Number.isSafeInteger(userId) || userId <= 0) throw badRequest("invalid user_id specified");
      return `${type}:${id}:${userId}`;
    }
    default:
      throw badRequest("can't parse BotCommandScope: Unsupported type specified");
  }
}

function languageOf(code: string): string {
  if (code !== "" && !/^[a-z]{2}$/.test(code)) throw badRequest("invalid language code specified");
  return code;
}

function commandsOf(said: readonly unknown[] | undefined): { command: string; description: string }[] {
  const commands = (said ?? []).map((each) => {
    const { command, description } = isFields(each) ? each : {};
    const name = typeof command === "string" ? command.replace(/^\//, "") : "";
    if (!/^[a-z0-9_]{1,32}$/.test(name)) throw badRequest("BOT_COMMAND_INVALID");
    if (typeof description !== "string" || description.trim() === "" || description.length > 256) {
      throw badRequest("BOT_COMMAND_DESCRIPTION_INVALID");
    }
    return { command: name, description };
  });
  if (commands.length > commandsMax) throw badRequest("BOT_COMMANDS_TOO_MUCH");
  return commands;
}

const scope = json("BotCommandScope");

function chatsOf(forChannels: boolean): string {
  return forChannels ? "channels" : "groups";
}

type Word = "name" | "description" | "short_description";

/** A word the bot says of itself, by language. */
function setWord(
  setter: "setMyName" | "setMyDescription" | "setMyShortDescription",
  name: Word,
  charsMax: number,
): Method {
  return method(setter, { [name]: text, language_code: language }, async (call, values) => {
    const value = values[name] ?? "";
    if (value.length > charsMax) throw badRequest(`${name.toUpperCase()}_TOO_LONG`);
    const key = languageOf(values["language_code"] ?? "");
    await writeBotSetting(call.context.store, { botId: call.bot.id, name, key }, value === "" ? null : value);
    return true;
  });
}

async function wordIn({ context, bot }: Call, name: Word, code: string): Promise<string> {
  const value = await readBotSetting(context.store, { botId: bot.id, name, key: languageOf(code) });
  return typeof value === "string" ? value : name === "name" ? bot.displayName : "";
}

export const botMethods: readonly Method[] = [
  method("getMe", {}, ({ bot }) =>
    Promise.resolve({
      id: bot.id,
      is_bot: true,
      first_name: bot.displayName,
      username: bot.username,
      can_join_groups: true,
      can_read_all_group_messages: !bot.privacyMode,
      supports_inline_queries: true,
      can_connect_to_business: false,
      has_main_web_app: false,
      has_topics_enabled: false,
      allows_users_to_create_topics: false,
      can_manage_bots: false,
    }),
  ),
  method(
    "setMyDefaultAdministratorRights",
    { rights: json("ChatAdministratorRights"), for_channels: flag },
    async ({ context, bot }, { rights, for_channels: forChannels }) => {
      if (rights !== undefined && !isFields(rights))
        throw badRequest("can't parse chat administrator rights: Object expected");
      const setting = { botId: bot.id, name: "admin_rights", key: chatsOf(forChannels) } as const;
      await writeBotSetting(context.store, setting, rights === undefined ? null : rightsOf(rights));
      return true;
    },
  ),
  method("getMyDefaultAdministratorRights", { for_channels: flag }, async ({ context, bot }, values) => {
    const setting = { botId: bot.id, name: "admin_rights", key: chatsOf(values.for_channels) } as const;
    const rights = await readBotSetting(context.store, setting);
    const given = Array.isArray(rights) ? adminRights.filter((each) => rights.includes(each)) : [];
    return { ...nativeRights(given), can_manage_chat: given.length > 0 };
  }),
  // The bot's program may go elsewhere; there is nothing here to be closed for that.
  method("logOut", {}, () => Promise.resolve(true)),
  method("close", {}, () => Promise.resolve(true)),
  method("getFile", { file_id: text }, async ({ context, bot }, { file_id: name }) => {
    if (name === "") throw badRequest("file_id not specified");
    const fileId = context.files.names.fileOf(bot.id, name);
    const file = fileId === null ? null : await context.files.read(fileId);
    if (file === null) throw badRequest("wrong file_id or the file is temporarily unavailable");
    const names = context.files.names.nameFor(bot.id)({ fileId: file.id });
    return { ...names, file_size: file.size, file_path: filePathOf(names.file_id, file) };
  }),
  method(
    "getUserProfilePhotos",
    { user_id: optionalInteger, offset: integer(0, 0, 1_000), limit: integer(100, 1, 100) },
    () =>
      // Nobody has a picture here.
      Promise.resolve({ total_count: 0, photos: [] }),
  ),
  method(
    "setMyCommands",
    { commands: list("commands"), scope, language_code: language },
    async (call, values) => {
      const key = {
        botId: call.bot.id,
        scope: await scopeOf(call, values.scope),
        language: languageOf(values.language_code),
      };
      await writeBotCommands(call.context.store, key, commandsOf(values.commands));
      return true;
    },
  ),
  method("deleteMyCommands", { scope, language_code: language }, async (call, values) => {
    const key = {
      botId: call.bot.id,
      scope: await scopeOf(call, values.scope),
      language: languageOf(values.language_code),
    };
    await writeBotCommands(call.context.store, key, []);
    return true;
  }),
  method("getMyCommands", { scope, language_code: language }, async (call, values) => {
    const key = {
      botId: call.bot.id,
      scope: await scopeOf(call, values.scope),
      language: languageOf(values.language_code),
    };
    const commands = await readBotCommands(call.context.store, key);
    return commands.map(({ command, description }) => ({ command, description }));
  }),
  setWord("setMyName", "name", 64),
  setWord("setMyDescription", "description", 512),
  setWord("setMyShortDescription", "short_description", 120),
  method("getMyName", { language_code: language }, async (call, values) => ({
    name: await wordIn(call, "name", values.language_code),
  })),
  method("getMyDescription", { language_code: language }, async (call, values) => ({
    description: await wordIn(call, "description", values.language_code),
  })),
  method("getMyShortDescription", { language_code: language }, async (call, values) => ({
    short_description: await wordIn(call, "short_description", values.language_code),
  })),
  method("setChatMenuButton", { chat_id: chatId, menu_button: json("MenuButton") }, async (call, values) => {
    const key = values.chat_id === "" ? "" : String((await placeOf(call, values.chat_id)).id);
    const button = values.menu_button ?? { type: "default" };
    const type = isFields(button) ? button["type"] : undefined;
    if (type !== "default" && type !== "commands")
      throw badRequest("can't parse MenuButton: Unsupported type specified");
    const setting = { botId: call.bot.id, name: "menu_button", key } as const;
    await writeBotSetting(call.context.store, setting, type === "default" ? null : { type });
    return true;
  }),
  method("getChatMenuButton", { chat_id: chatId }, async (call, values) => {
    const key = values.chat_id === "" ? "" : String((await placeOf(call, values.chat_id)).id);
    const button = await readBotSetting(call.context.store, { botId: call.bot.id, name: "menu_button", key });
    return (button as TelegramObjects.TelegramMenuButton | undefined) ?? { type: "commands" };
  }),
];

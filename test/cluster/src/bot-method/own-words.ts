/** What a bot says of itself. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { TelegramChatAdministratorRights } from "@gramio/types/objects";
import type { MethodStage } from "./method-stage.ts";

export function botsSpeakOfThemselves(stage: () => MethodStage): void {
  it("of itself", async () => {
    const { ada, bot, chat_id, group } = stage();
    await bot.done("getMe");
    await bot.done("logOut");
    await bot.done("close");
    const commands = [{ command: "go", description: "Goes" }];
    for (const scope of [
      { type: "default" },
      { type: "all_group_chats" },
      { type: "chat", ...group },
      { type: "chat_member", ...group, user_id: ada.userId },
    ]) {
      await bot.done("setMyCommands", { commands, scope, language_code: "de" });
      assert.deepEqual(await bot.done("getMyCommands", { scope, language_code: "de" }), commands);
      assert.deepEqual(await bot.done("getMyCommands", { scope }), []);
      await bot.done("deleteMyCommands", { scope, language_code: "de" });
      assert.deepEqual(await bot.done("getMyCommands", { scope, language_code: "de" }), []);
    }
    for (const [what, field] of [
      ["Name", "name"],
      ["Description", "description"],
      ["ShortDescription", "short_description"],
    ]) {
      await bot.done(`setMy${what}`, { [String(field)]: "Words" });
      assert.deepEqual(await bot.done(`getMy${what}`), { [String(field)]: "Words" });
    }
    await bot.done("setChatMenuButton", { chat_id, menu_button: { type: "commands" } });
    assert.deepEqual(await bot.done("getChatMenuButton", { chat_id }), { type: "commands" });
    await bot.done("getUserProfilePhotos", { user_id: chat_id });
    const rights = { can_manage_chat: true, can_pin_messages: true };
    await bot.done("setMyDefaultAdministratorRights", { rights });
    const own = await bot.done<TelegramChatAdministratorRights>("getMyDefaultAdministratorRights");
    assert.deepEqual(
      [own.can_manage_chat, own.can_pin_messages, own.can_delete_messages],
      [true, true, false],
    );
    const others = await bot.done<TelegramChatAdministratorRights>("getMyDefaultAdministratorRights", {
      for_channels: true,
    });
    assert.equal(others.can_manage_chat, false);
  });
}

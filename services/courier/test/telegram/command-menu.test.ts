import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { checkBook } from "@rookery/dialog-book";
import { commandCalls } from "../../src/telegram/command-repair.ts";

const file = new URL("../../../../examples/uk-management-bot/dialogs.json", import.meta.url);

test("Telegram's menu has the commands of dialogues and routes, in each language, and none of those for few", async () => {
  const check = checkBook(JSON.parse(await readFile(file, "utf8")));
  assert.ok(check.kind === "valid");
  const about = { command: "about", description: { en: "About us" }, to: { reply: { en: "We" } } };
  const hidden = { ...about, command: "request", description: { en: "Another's" } };
  const calls = commandCalls({ commands: [about, hidden] }, check.book);
  assert.deepEqual(
    calls.map(({ method, params }) => [method, "language_code" in params ? params["language_code"] : null]),
    [
      ["setMyCommands", null],
      ["setMyCommands", "en"],
      ["setMyCommands", "ru"],
      ["setMyCommands", "uz"],
    ],
  );
  const [any, , , uz] = calls.map(
    ({ params }) => params["commands"] as { command: string; description: string }[],
  );
  const names = any?.map(({ command }) => command);
  const expected = "request myrequests status shifts schedule take settings menu help language cancel about";
  assert.equal(names?.join(" "), expected);
  assert.equal(any?.[0]?.description, "🛠 Новая заявка");
  assert.equal(uz?.[0]?.description, "🛠 Yangi ariza");
  assert.equal(uz?.at(-1)?.description, "About us");
  assert.deepEqual(commandCalls({}, null)[0]?.method, "deleteMyCommands");
});

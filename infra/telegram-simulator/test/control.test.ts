/** The script's door, and the simulator as a process of its own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "@rookery/kit";
import { Api } from "grammy";
import { demoBot } from "../src/demo.ts";
import { startTelegramSimulator } from "../src/mod.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

async function ask<T>(url: string, method = "GET", body?: object): Promise<T> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const value = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(`${response.status} ${value.error}`);
  return value;
}

async function startProcess(t: TestContext): Promise<string> {
  const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
  const child = spawn(process.execPath, [main, "--port", "0", "--limits", "off", "--time-scale", "0.01"], {
    stdio: [...stdio],
    env: { ...process.env, LOG_LEVEL: "error" },
  });
  t.after(async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
    assert.equal(child.exitCode, 0);
  });
  const [message] = (await once(child, "message")) as [{ url: string }];
  return message.url;
}

test("a person of another process talks with a bot of a third", async (t) => {
  const url = await startProcess(t);
  const control = `${url}/control`;
  await ask(`${control}/says`, "POST", { user: "ada", bot: "demo_bot", text: "/start" });
  const api = new Api(demoBot.token, { apiRoot: url });
  const [update] = await api.getUpdates();
  assert.equal(update?.message?.from.username, "ada");
  assert.equal(update?.message?.text, "/start");
  const chatId = update?.message?.chat.id ?? 0;
  await api.sendMessage(chatId, "Pick", {
    reply_markup: { inline_keyboard: [[{ text: "A", callback_data: "a" }]] },
  });
  await ask(`${control}/acts`, "POST", { act: "presses", user: "ada", bot: "demo_bot", button: "A" });
  const [, pressed] =
    (await until(
      async () => {
        const found = await api.getUpdates();
        return found.length === 2 ? found : undefined;
      },
      { withinMs: 30_000 },
    )) ?? [];
  assert.equal(pressed?.callback_query?.data, "a");

  const { items, next } = await ask<{ items: { body: { text: string } }[]; next: number }>(
    `${control}/journal?user=ada`,
  );
  assert.deepEqual(
    items.map(({ body }) => body.text),
    ["Pick"],
  );
  const later = await ask<{ items: object[] }>(`${control}/journal?user=ada&after=${next}`);
  assert.deepEqual(later.items, []);
  const calls = await ask<{ items: { fields: { chat_id: number } }[] }>(
    `${control}/calls?method=sendmessage`,
  );
  assert.equal(calls.items[0]?.fields.chat_id, chatId);
});

test("a script makes bots, chats and faults, and is told what it does wrong", async (t) => {
  const simulator = await startTelegramSimulator({ limits: null });
  t.after(() => simulator.close());
  const control = simulator.controlUrl;
  const bot = await ask<{ id: number; token: string }>(`${control}/bots`, "POST", { username: "house_bot" });
  await ask(`${control}/users`, "POST", { username: "ada", firstName: "Ada" });
  const group = await ask<{ id: number }>(`${control}/chats`, "POST", {
    type: "group",
    title: "House",
    people: ["ada", "bob"],
    bots: ["house_bot"],
  });
  const act = (fields: object) => ask<{ message_id: number; id: number }>(`${control}/acts`, "POST", fields);
  await act({ act: "says", user: "bob", chat: group.id, text: "/help" });
  await act({ act: "sends", user: "bob", bot: "house_bot", kind: "photo", caption: "look" });
  await act({ act: "leaves", user: "bob", chat: group.id });
  const supergroup = await act({ act: "migrates", chat: group.id });
  const api = new Api(bot.token, { apiRoot: simulator.url });
  const kinds = (await api.getUpdates()).map(({ message }) => Object.keys(message ?? {}).at(-1));
  assert.equal(kinds.length, 7);
  await ask(`${control}/faults`, "POST", { kind: "status", code: 500, method: "getMe" });
  await assert.rejects(api.getMe());
  await api.getMe();
  await api.sendMessage(supergroup.id, "hello");
  const state = await ask<{ calls: Record<string, number>; refused: number }>(`${control}/state`);
  assert.deepEqual([state.calls["getMe"], state.calls["sendMessage"], state.refused], [2, 1, 1]);

  await assert.rejects(act({ act: "flies", user: "bob" }), /there is no act flies, but says/);
  await assert.rejects(act({ act: "says", user: "bob", bot: "no_bot", text: "x" }), /there is no bot no_bot/);
  await assert.rejects(
    ask(`${control}/faults`, "POST", { kind: "earthquake" }),
    /there is no fault earthquake/,
  );
  await assert.rejects(ask(`${control}/nowhere`), /404/);
});

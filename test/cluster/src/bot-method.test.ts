/**
 * Every method of the Bot API surface on real chats: answers and updates as Telegram documents them, a repeat under the same
 * Idempotency-Key answered as at first and done once; what is not there is 404.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { malformedCall, openRandom } from "@rookery/kit";
import { botsAdminister } from "./bot-method/administration.ts";
import { botsSendMessages } from "./bot-method/message.ts";
import { elsewhere, firstWave, secondWave, topics } from "./bot-method/method-name.ts";
import { type MethodStage, openMethodStage } from "./bot-method/method-stage.ts";
import { botsSpeakOfThemselves } from "./bot-method/own-words.ts";
import { botsAreTold } from "./bot-method/update.ts";
import { type Cluster, openCluster } from "./cluster.ts";

describe("methods of the Bot API surface", () => {
  let cluster: Cluster;
  let opened: MethodStage;
  const stage = (): MethodStage => opened;
  before(async () => {
    cluster = await openCluster({ env: { WEBHOOK_ALLOW_PRIVATE: "true" } });
    opened = await openMethodStage(cluster);
  });
  after(async () => {
    await opened?.close();
    await cluster?.close();
  });

  describe("of itself", () => botsSpeakOfThemselves(stage));
  describe("messages", () => botsSendMessages(stage));
  describe("chats", () => botsAdminister(stage));
  describe("updates", () => botsAreTold(stage));

  it("[F] malformed calls upon real chats are never 5xx", async () => {
    const { cluster, types, token, groupId, chat_id } = stage();
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = openRandom(seed);
    const methods = types.methods.filter((name) => name !== "leaveChat" && !/webhook/i.test(name));
    const target = { token, chatIds: [chat_id, -groupId], methods };
    const wrong: string[] = [];
    for (let count = 0; count < 300; count++) {
      const { bytes, cut, what } = malformedCall(random, target);
      if (cut !== undefined) continue;
      const text = bytes.toString("latin1");
      const [head = ""] = text.split("\r\n\r\n");
      const [line = "", ...headers] = head.split("\r\n");
      if (!line.startsWith("POST ") || /transfer-encoding/.test(head)) continue;
      const response = await fetch(cluster.base + (line.split(" ")[1] ?? ""), {
        method: "POST",
        headers: headers.flatMap((each): [string, string][] => {
          const [name = "", value = ""] = each.split(/: (.*)/);
          return /^(content-type|content-encoding)$/.test(name) ? [[name, value]] : [];
        }),
        body: new Uint8Array(bytes.subarray(head.length + 4)),
        signal: AbortSignal.timeout(60_000),
      });
      const answer = await response.text();
      if (response.status >= 500)
        wrong.push(`${what}: ${response.status} ${answer}\n${text.slice(0, 1_000)}`);
    }
    assert.deepEqual(wrong, [], `seed ${seed}`);
  });

  it("leaves, and is told that it is gone", async () => {
    const { bot, group } = stage();
    await bot.done("leaveChat", group);
    await bot.refused(
      "sendMessage",
      { ...group, text: "a" },
      "Forbidden: bot was kicked from the group chat",
    );
  });

  it("all that are promised are there, all others 404", async () => {
    const { types, bot } = stage();
    const promised = [...firstWave, ...secondWave];
    assert.deepEqual(
      promised.filter((name) => !bot.called.has(name)),
      [],
    );
    const known = new Set([...promised, ...elsewhere, ...topics].map((name) => name.toLowerCase()));
    for (const name of types.methods.filter((each) => !known.has(each.toLowerCase()))) {
      const { error_code: code, description } = await bot.call(name);
      const isThere = code !== 404;
      if (!isThere) assert.equal(description, "Not Found: method not found", name);
      else assert.ok((code ?? 200) < 500, name);
    }
  });
});

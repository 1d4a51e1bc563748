/** A bot of ours in a group and in a private chat with Ada, and what it is told: each update as documented. */
import assert from "node:assert/strict";
import type { TelegramUpdate } from "@gramio/types/objects";
import { askClusterDatabase } from "@rookery/kit";
import type { Cluster } from "../cluster.ts";
import { picture, report } from "../framework/specimen.ts";
import { openTalk, type Talk } from "../framework/story.ts";
import { createGroup, expect, type Person, register } from "../rest.ts";
import { openSocket, type Socket } from "../socket.ts";
import { type BotCaller, openBotCaller } from "./bot-caller.ts";
import { readTelegramTypes, type TelegramTypes } from "./telegram-type.ts";

export const dot = { name: "dot.png", bytes: picture };
export const words = { name: "words.txt", bytes: report };

/** With that of making others administrators, which none has who was not given it. */
const everyRight = [
  "manage_chat",
  "delete_messages",
  "restrict_members",
  "promote_members",
  "change_info",
  "invite_users",
  "pin_messages",
];

export interface MethodStage {
  readonly cluster: Cluster;
  readonly types: TelegramTypes;
  /** Of the group, and of the bot. */
  readonly owner: Person;
  readonly ada: Person;
  readonly bob: Person;
  /** Ada's. */
  readonly socket: Socket;
  readonly talk: Talk;
  readonly bot: BotCaller;
  readonly token: string;
  readonly groupId: number;
  /** The private chat with Ada, and the group, as bots name them. */
  readonly chat_id: number;
  readonly group: { readonly chat_id: number };
  /** The first update of a kind, as documented as all before it. */
  readonly hear: (
    kind: keyof TelegramUpdate,
    test?: (update: TelegramUpdate) => boolean,
  ) => Promise<TelegramUpdate>;
  close(): Promise<void>;
}

/** The cluster is its opener's to close. */
export async function openMethodStage(cluster: Cluster): Promise<MethodStage> {
  const types = readTelegramTypes();
  const { base } = cluster;
  const people = await Promise.all(["owner", "ada", "bob"].map((name) => register(base, name)));
  const [owner, ada, bob] = people as [Person, Person, Person];
  const socket = await openSocket({ base, token: ada.token });
  const talk = await openTalk({ base, owner, person: ada, socket, username: "methods_bot" });
  const { token } = talk;
  const bot = openBotCaller(`${base}/bot${token}`, types, () =>
    askClusterDatabase(cluster, "delete from bot_answer"),
  );
  await bot.call("getUpdates", {
    allowed_updates: [
      "message",
      "edited_message",
      "callback_query",
      "my_chat_member",
      "chat_member",
      "message_reaction",
      "poll",
      "poll_answer",
      "chat_join_request",
      "inline_query",
      "chosen_inline_result",
    ],
  });
  const { id: groupId } = await createGroup(base, owner, [ada, bob], "A group");
  const manage = { token: owner.token, body: { userIds: [talk.botId] } };
  await expect(200, base, "POST", `/v1/chats/${groupId}/invite`, manage);
  const path = `/v1/chats/${groupId}/members/${talk.botId}`;
  const rank = { role: "admin", rights: everyRight };
  await expect(200, base, "PATCH", path, { token: owner.token, body: rank });
  let offset = 0;
  const heard: TelegramUpdate[] = [];
  return {
    cluster,
    types,
    owner,
    ada,
    bob,
    socket,
    talk,
    bot,
    token,
    groupId,
    chat_id: ada.userId,
    group: { chat_id: -groupId },
    async hear(kind, test = () => true) {
      for (let turns = 0; turns < 50; turns++) {
        const found = heard.find((each) => each[kind] !== undefined && test(each));
        if (found !== undefined) return found;
        const { result } = await bot.call("getUpdates", { offset, timeout: 5 });
        for (const update of result as TelegramUpdate[]) {
          assert.deepEqual(types.checkUpdate(update), []);
          offset = update.update_id + 1;
          heard.push(update);
        }
      }
      throw new Error(`no ${kind} among ${heard.map((each) => Object.keys(each)[1]).join(", ")}`);
    },
    async close() {
      await socket.close();
    },
  };
}

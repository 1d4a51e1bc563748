/** Bots of grammY and Telegraf, run unmodified but for the API root, serve people on sockets: by polling and by webhook. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Cluster, openCluster } from "./cluster.ts";
import { startGrammyBot } from "./framework/grammy-bot.ts";
import type { RunningBot } from "./framework/specimen.ts";
import {
  fillsForm,
  greets,
  hearsEdits,
  letsIn,
  offers,
  openTalk,
  sendsFiles,
  showsCommands,
  showsMenu,
  takesFiles,
  type Talk,
} from "./framework/story.ts";
import { startTelegrafBot } from "./framework/telegraf-bot.ts";
import { type Person, register } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

const frameworks = { grammY: startGrammyBot, Telegraf: startTelegrafBot };

describe("bots of frameworks", () => {
  let cluster: Cluster;
  let owner: Person;
  let person: Person;
  let socket: Socket;

  before(async () => {
    // A bot's program is on loopback here.
    cluster = await openCluster({ env: { WEBHOOK_ALLOW_PRIVATE: "true" } });
    owner = await register(cluster.base, "owner");
    person = await register(cluster.base, "ada");
    socket = await openSocket({ base: cluster.base, token: person.token });
  });
  after(async () => {
    await socket?.close();
    await cluster?.close();
  });

  for (const [name, start] of Object.entries(frameworks)) {
    for (const mode of ["polling", "webhook"] as const) {
      describe(`${name}, ${mode}`, () => {
        let talk: Talk;
        let bot: RunningBot;

        before(async () => {
          const username = `${name.toLowerCase()}_${mode}_bot`;
          const opened = await openTalk({ base: cluster.base, owner, person, socket, username });
          talk = opened;
          bot = await start({ apiRoot: cluster.base, token: opened.token, mode });
        });
        after(() => bot?.stop());

        it("commands, and the payload of /start", () => greets(talk));
        it("inline keyboards, answers to buttons, edits", () => showsMenu(talk));
        it("photos and documents it sends", () => sendsFiles(talk));
        it("photos and documents it is sent", () => takesFiles(talk));
        it("a conversation over several steps", () => fillsForm(talk));
        it("what a person says otherwise later", () => hearsEdits(talk));
        it("what it offers wherever somebody asks it", () => offers(talk));
        it("a group it leads, and who asks to come in", () => letsIn(talk));
        it("its commands are shown", () => showsCommands(talk));
        it("met no error meanwhile", () => assert.deepEqual(bot.errors, []));
      });
    }
  }
});

/** What a person does with the bot over a socket, and what has to come of it; the same for every framework. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type FrameOf, type MessageBody, type ServerFrame, until } from "@rookery/kit";
import { createGroup, expect, type Person, readHistory, request } from "../rest.ts";
import type { Socket } from "../socket.ts";
import { digestOf, menu, picture, report } from "./specimen.ts";

/** Generous: a webhook's first call may wait for its owner. */
const withinMs = 60_000;

export interface Talk {
  readonly base: string;
  /** The bot's. */
  readonly owner: Person;
  readonly username: string;
  readonly person: Person;
  readonly socket: Socket;
  readonly chatId: number;
  readonly botId: number;
}

interface FileBody {
  readonly fileId: string;
  readonly kind: string;
  readonly name: string;
  readonly size: number;
  readonly mime: string;
}

/** What is in a message beside its words. */
interface Draft {
  readonly kind: string;
  readonly attachments: readonly FileBody[];
}

/** Says something and waits for the bot's next message. */
async function say({ socket, chatId, botId }: Talk, body: string, more?: Draft): Promise<MessageBody> {
  const uuid = randomUUID();
  const before = (socket.messages.get(chatId) ?? []).length;
  socket.send({ type: "SendMessage", uuid, chatId, body, ...more });
  const answered = () =>
    (socket.messages.get(chatId) ?? []).slice(before).find(({ senderId }) => senderId === botId);
  const failed = () => socket.errors.get(uuid);
  const answer = await socket.when(`an answer to ${body}`, () => failed() ?? answered(), withinMs);
  if ("code" in answer) throw new Error(`${body}: ${answer.code}: ${answer.message}`);
  return answer;
}

async function press(
  { socket, chatId }: Talk,
  seq: number,
  data: string,
): Promise<FrameOf<"CallbackAnswer">> {
  const uuid = randomUUID();
  const after = socket.journal.length;
  socket.send({ type: "Callback", uuid, chatId, seq, data });
  return await socket.frame("CallbackAnswer", (frame) => frame.uuid === uuid, { after, withinMs });
}

export async function greets(talk: Talk): Promise<void> {
  const answer = await say(talk, "/start deep-link_7");
  assert.match(answer.body, /^Hello \w+, payload deep-link_7$/);
  assert.equal((await say(talk, "just words")).body, "You said: just words");
}

export async function showsMenu(talk: Talk): Promise<void> {
  const { socket, chatId } = talk;
  const { seq, body, entities, keyboard } = await say(talk, "/menu");
  assert.equal(body, "Choose one");
  assert.deepEqual(entities, [{ type: "bold", offset: 0, length: 6 }]);
  const buttons = keyboard?.rows.flatMap((row) => row.buttons);
  assert.deepEqual(
    buttons,
    menu.map((each) => ({ ...each })),
  );
  const alert = await press(talk, seq, "alert");
  assert.deepEqual([alert.text, alert.alert], ["Careful", true]);
  const after = socket.journal.length;
  const answer = await press(talk, seq, "pick:2");
  assert.equal(answer.text, "You chose 2");
  const isIt = (frame: { chatId: number; seq: number }): boolean =>
    frame.chatId === chatId && frame.seq === seq;
  const edited = await socket.frame("MessageEdited", isIt, { after, withinMs });
  assert.equal(edited.body, "Chosen: 2");
}

export async function sendsFiles(talk: Talk): Promise<void> {
  const { base, person } = talk;
  for (const [ask, kind, mime, bytes] of [
    ["/photo", "photo", "image/png", picture],
    ["/document", "document", "text/plain", report],
  ] as const) {
    const said = await say(talk, ask);
    const [file] = said.attachments;
    assert.deepEqual([said.kind, file?.kind, file?.mime, file?.size], [kind, kind, mime, bytes.length]);
    if (kind === "photo") {
      assert.equal(said.body, "A dot");
      assert.deepEqual(said.entities, [{ type: "bold", offset: 0, length: 5 }]);
    } else assert.equal(file?.name, "report.txt");
    const response = await fetch(`${base}/v1/files/${file?.fileId}`, {
      headers: { authorization: `Bearer ${person.token}` },
    });
    assert.equal(response.status, 200);
    assert.equal(digestOf(new Uint8Array(await response.arrayBuffer())), digestOf(bytes));
  }
}

export async function takesFiles(talk: Talk): Promise<void> {
  const { base, person } = talk;
  for (const [kind, name, bytes] of [
    ["photo", "dot.png", picture],
    ["document", "my report.txt", report],
  ] as const) {
    const response = await fetch(`${base}/v1/files?name=${encodeURIComponent(name)}`, {
      method: "POST",
      headers: { authorization: `Bearer ${person.token}` },
      body: new Uint8Array(bytes),
    });
    assert.equal(response.status, 201);
    const file = (await response.json()) as FileBody;
    const { body } = await say(talk, "", { kind, attachments: [{ ...file, kind }] });
    assert.equal(body, `${kind} ${bytes.length} ${digestOf(bytes)}`);
  }
}

export async function fillsForm(talk: Talk): Promise<void> {
  assert.equal((await say(talk, "/form")).body, "What is your name?");
  assert.equal((await say(talk, "Ada")).body, "How old are you?");
  assert.equal((await say(talk, "old")).body, "A number, please");
  const last = await say(talk, "36");
  assert.equal(last.body, "Ada is 36");
  assert.notEqual(last.replyTo, null);
  assert.equal((await say(talk, "out of it")).body, "You said: out of it");
}

export async function hearsEdits(talk: Talk): Promise<void> {
  const { socket, chatId, botId } = talk;
  await say(talk, "teh");
  const mine = (socket.messages.get(chatId) ?? []).findLast(({ senderId }) => senderId !== botId);
  const seq = mine?.seq ?? 0;
  const before = (socket.messages.get(chatId) ?? []).length;
  socket.send({ type: "EditMessage", uuid: randomUUID(), chatId, seq, body: "the" });
  const answered = () => (socket.messages.get(chatId) ?? []).slice(before).at(0);
  assert.equal((await socket.when("an answer to an edit", answered, withinMs)).body, "You mean: the");
}

/** Asks it from a chat where it is not, sends what it offers, and presses the button under that. */
export async function offers(talk: Talk): Promise<void> {
  const { base, owner, person, socket, username, botId } = talk;
  const { id: groupId } = await createGroup(base, person, [owner], "without the bot");
  let offer: FrameOf<"InlineResults"> | FrameOf<"Error"> | undefined;
  // A bot has 10 s; on a machine that has no time for it, it is asked again.
  for (let tries = 0; tries < 5 && offer?.type !== "InlineResults"; tries++) {
    const uuid = randomUUID();
    socket.send({ type: "InlineQuery", uuid, bot: `@${username}`, query: "tea" });
    const isIt = (frame: ServerFrame): frame is FrameOf<"InlineResults"> | FrameOf<"Error"> =>
      (frame.type === "InlineResults" || frame.type === "Error") && frame.uuid === uuid;
    offer = await socket.when("what the bot offers", () => socket.journal.find(isIt), withinMs);
  }
  if (offer?.type !== "InlineResults") throw new Error(`the bot offers nothing: ${JSON.stringify(offer)}`);
  assert.deepEqual(offer.results, [{ id: "1", type: "article", title: "Say tea" }]);
  const uuid = randomUUID();
  socket.send({ type: "ChooseInline", uuid, chatId: groupId, queryId: offer.queryId, resultId: "1" });
  const { seq } = await socket.frame("Ack", (frame) => frame.uuid === uuid, { withinMs });
  const sent = () => socket.messages.get(groupId)?.find((each) => each.seq === seq);
  const message = await socket.when("the message", sent, withinMs);
  assert.deepEqual([message.body, message.senderId, message.viaBotId], ["tea", person.userId, botId]);
  const after = socket.journal.length;
  const answer = await press({ ...talk, chatId: groupId }, seq, "pick:1");
  assert.equal(answer.text, "You chose 1");
  const isEdit = (frame: { chatId: number; seq: number }): boolean =>
    frame.chatId === groupId && frame.seq === seq;
  const edited = await socket.frame("MessageEdited", isEdit, { after, withinMs });
  assert.equal(edited.body, "Chosen: 1");
}

/** In a group it leads, it makes a link, lets in who asks by it, and is told by which link they came. */
export async function letsIn({ base, owner, person, socket, botId }: Talk): Promise<void> {
  const { token } = owner;
  const { id: groupId } = await createGroup(base, owner, [], "led by the bot");
  const path = `/v1/chats/${groupId}`;
  await expect(200, base, "POST", `${path}/invite`, { token, body: { userIds: [botId] } });
  await expect(200, base, "PATCH", `${path}/members/${botId}`, { token, body: { role: "admin" } });
  await expect(201, base, "POST", `${path}/messages`, { token, body: { body: "/link" } });
  const link = await until(
    async () => {
      const { items } = await readHistory(base, owner, groupId);
      return items.find(({ senderId, kind }) => senderId === botId && kind === "text")?.body;
    },
    { withinMs, what: "a link" },
  );
  const shown = await expect<{ description: string }>(200, base, "GET", path, { token });
  assert.equal(shown.description, "Ask to come");
  const after = socket.journal.length;
  const code = link?.slice(link.lastIndexOf("/") + 1);
  const come = { token: person.token };
  const { state } = await expect<{ state: string }>(200, base, "POST", `/v1/invites/${code}`, come);
  assert.equal(state, "asked");
  await socket.frame("ChatAdded", ({ chat }) => chat.id === groupId, { after, withinMs });
  const greeting = `${person.userId} came by ${link}`;
  await until(
    async () => {
      const { items } = await readHistory(base, owner, groupId);
      return items.some(({ senderId, body }) => senderId === botId && body === greeting);
    },
    { withinMs, what: greeting },
  );
}

export async function showsCommands({ base, person, botId }: Talk): Promise<void> {
  const path = `/v1/bots/${botId}/commands`;
  const { body } = await request<{ commands: readonly { command: string }[] }>(base, "GET", path, {
    token: person.token,
  });
  assert.deepEqual(
    body.commands.map(({ command }) => command),
    ["menu"],
  );
}

/** A bot of `owner`'s, and a chat of the person's with it. */
export async function openTalk(
  parts: Pick<Talk, "base" | "owner" | "person" | "socket" | "username">,
): Promise<Talk & { readonly token: string }> {
  const { base, owner, person, username } = parts;
  const made = await expect<{ id: number; token: string }>(201, base, "POST", "/v1/bots", {
    token: owner.token,
    body: { username, displayName: "A bot", mode: "native" },
  });
  const chat = await expect<{ id: number }>(201, base, "POST", "/v1/chats", {
    token: person.token,
    body: { type: "direct", memberIds: [made.id] },
  });
  return { ...parts, chatId: chat.id, botId: made.id, token: made.token };
}

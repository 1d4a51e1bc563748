/** What bots of our own are told: of whom, of what, in which order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AddressedCommand,
  type BotUpdate,
  type ChatCommand,
  type Keyboard,
  noEndpoints,
  parseInlineMessageId,
} from "@rookery/protocol";
import type { NativeBotFact } from "@rookery/store";
import { type ChatFacts, type ChatState, decide } from "../src/mod.ts";
import {
  allow,
  ask,
  birth,
  born,
  create,
  dismiss,
  done,
  type Done,
  edit,
  give,
  invite,
  nowMs,
  pin,
  react,
  refusal,
  remove,
  rename,
  rowsOf,
  say,
  vote,
} from "./command.ts";

const botId = 9;
const bot: NativeBotFact = { id: botId, username: "Tea_bot", privacyMode: true, allowedUpdates: null };
const knowing = (...bots: NativeBotFact[]): ChatFacts => ({
  nativeBots: new Map(bots.map((each) => [each.id, each])),
  endpoints: noEndpoints,
});
const facts = knowing(bot);

function tell(state: ChatState | null, command: AddressedCommand, known = facts): Done {
  return done(decide(state, command, nowMs, known));
}

/** Decides in order; what the bot is told of each. */
function story(state: ChatState, known: ChatFacts, ...commands: readonly (readonly [number, ChatCommand])[]) {
  const told: BotUpdate[][] = [];
  let last = state;
  for (const [senderId, command] of commands) {
    const decision = tell(last, ask(senderId, command, `u-${told.length}`), known);
    told.push(rowsOf(decision, "botUpdate"));
    last = decision.state;
  }
  return { told, state: last };
}

const types = (told: readonly BotUpdate[]) => told.map(({ type }) => type);
const keyboard: Keyboard = { rows: [{ buttons: [{ text: "Yes", data: "yes" }] }] };
const group = born("group", [1, 2, botId]);
const direct = born("direct", [1, botId]);

test("in a direct chat a bot is told everything, and who is on the other side", () => {
  const { told } = story(direct, facts, [1, say("/start now")], [1, say("hello")], [botId, say("hi")]);
  assert.deepEqual(told.map(types), [["message"], ["message"], []]);
  const [[first] = []] = told;
  assert.deepEqual(first?.payload.chat, { id: 5, type: "direct", title: null, peerId: 1 });
  assert.equal(first?.queue, "chat:5");
  assert.equal((first?.expiresMs ?? 0) - nowMs, 24 * 3_600_000);
});

test("with privacy mode a group tells a bot of commands, replies to it, mentions and service messages alone", () => {
  const meant = ["/tea", "/tea@tea_BOT 3", "hey @tea_bot!"];
  const others = ["tea", "/tea@other_bot", "mail@tea_bot.org", "@tea_botany", "a /tea"];
  for (const [bodies, expected] of [
    [meant, ["message"]],
    [others, []],
  ] as const) {
    for (const body of bodies) {
      const { told } = story(group, facts, [1, say(body)]);
      assert.deepEqual(told.map(types), [expected], body);
    }
  }
  const spoken = story(group, facts, [botId, say("which?")]).state;
  const { told } = story(
    spoken,
    facts,
    [1, { ...say("green"), replyTo: spoken.headSeq }],
    [1, { ...say("green"), replyTo: 1 }],
    [1, rename("more tea")],
    [2, { ...say("you"), entities: [{ type: "text_mention", offset: 0, length: 3, userId: botId }] }],
  );
  assert.deepEqual(told.map(types), [["message"], [], ["message"], ["message"]]);
  const news = told[0]?.[0]?.payload.news;
  assert.equal(news?.kind === "message" && news.reply?.body, "which?");
  const open = knowing({ ...bot, privacyMode: false });
  assert.deepEqual(story(group, open, [1, say("tea")]).told.map(types), [["message"]]);
  const promoted = story(group, facts, [1, give(botId, "admin")]).state;
  assert.deepEqual(story(promoted, facts, [1, say("tea")]).told.map(types), [["message"]]);
});

test("[L4] a chat's updates are in the chat's order, messages and changes alike", () => {
  const open = knowing({
    ...bot,
    privacyMode: false,
    allowedUpdates: ["message", "edited_message", "message_reaction"],
  });
  const { told } = story(
    direct,
    open,
    [1, say("a")],
    [1, edit(1, "b")],
    [1, react(1, "👍")],
    [1, say("c")],
    [1, edit(2, "d")],
  );
  assert.deepEqual(told.map(types), [
    ["message"],
    ["edited_message"],
    ["message_reaction"],
    ["message"],
    ["edited_message"],
  ]);
  const places = told.flat().map(({ place }) => place);
  assert.deepEqual(
    places,
    places.toSorted((one, other) => one - other),
  );
  assert.equal(new Set(places).size, places.length);
});

test("coming and going are told to the bot itself; after it has gone it hears nothing", () => {
  const without = born("group", [1, 2]);
  const came = tell(without, ask(1, invite(botId)));
  assert.deepEqual(types(rowsOf(came, "botUpdate")), ["my_chat_member", "message"]);
  const news = rowsOf(came, "botUpdate")[0]?.payload.news;
  assert.deepEqual(news, { kind: "member", byId: 1, userId: botId, before: "left", after: "member" });
  const gone = tell(came.state, ask(1, dismiss(botId), "u-2"));
  assert.deepEqual(types(rowsOf(gone, "botUpdate")), ["my_chat_member"]);
  assert.deepEqual(rowsOf(tell(gone.state, ask(1, say("/tea"), "u-3")), "botUpdate"), []);
  const birthed = tell(null, ask(1, create(birth("group", [1, botId]))));
  assert.deepEqual(types(rowsOf(birthed, "botUpdate")), ["my_chat_member", "message"]);
});

test("others' membership and reactions are told to administrators that ask for them", () => {
  const asking = knowing({ ...bot, allowedUpdates: ["chat_member", "message_reaction", "my_chat_member"] });
  const plain = story(group, asking, [1, say("x")], [1, invite(4)], [2, react(2, "👍")]);
  assert.deepEqual(plain.told.map(types), [[], [], []]);
  const spoken = story(group, asking, [1, say("x")], [1, give(botId, "admin")]);
  assert.deepEqual(types(spoken.told[1] ?? []), ["my_chat_member"]);
  const { told } = story(
    spoken.state,
    asking,
    [1, invite(4)],
    [2, react(2, "👍")],
    [2, react(2, "👍", true)],
  );
  assert.deepEqual(told.map(types), [["chat_member"], ["message_reaction"], ["message_reaction"]]);
  const [, [one] = [], [two] = []] = told;
  const reactions = [one, two].map((each) => each?.payload.news);
  assert.deepEqual(reactions, [
    { kind: "reaction", userId: 2, seq: 2, before: [], after: ["👍"] },
    { kind: "reaction", userId: 2, seq: 2, before: ["👍"], after: [] },
  ]);
  assert.deepEqual(story(spoken.state, facts, [1, invite(4)], [2, react(2, "👍")]).told.map(types), [
    ["message"],
    [],
  ]);
});

test("administrators are told by which link somebody came, at once or let in later; of an invited one there is none", () => {
  const asking = knowing({ ...bot, allowedUpdates: ["chat_member"] });
  const led = story(group, asking, [1, give(botId, "admin")]).state;
  const linkTo = (code: string, asks: boolean): ChatCommand => {
    const url = `https://rookery.example/join/${code}`;
    return { kind: "link", isNew: true, link: { code, url, asks, isPrimary: false } };
  };
  const { told } = story(
    led,
    asking,
    [1, linkTo("open", false)],
    [1, linkTo("asking", true)],
    [4, { kind: "join", code: "open" }],
    [5, { kind: "join", code: "asking" }],
    [1, { kind: "admit", userId: 5, isApproved: true }],
    [1, invite(6)],
  );
  const came = told.flat().map(({ payload: { news } }) => {
    assert.ok(news.kind === "member");
    return [news.userId, news.byId, news.link?.code];
  });
  assert.deepEqual(came, [
    [4, 4, "open"],
    [5, 1, "asking"],
    [6, 1, undefined],
  ]);
});

test("a poll of the bot's own tells it of every vote", () => {
  const poll = { question: "Tea?", options: ["green", "black"] };
  const asked: ChatCommand = { ...say(""), messageKind: "poll", poll };
  const { told } = story(group, facts, [botId, asked], [2, vote(2, 1)], [1, asked], [2, vote(3, 1)]);
  assert.deepEqual(told.map(types), [[], ["poll", "poll_answer"], [], []]);
});

test("what nobody is to see is told to nobody", () => {
  const open = knowing({ ...bot, privacyMode: false });
  const { told, state } = story(
    group,
    open,
    [1, say("x")],
    [1, pin(2)],
    [1, remove(2)],
    [1, { ...say("c"), messageKind: "e2ee" }],
    [1, allow(`user:${botId}`, { canRead: false })],
    [1, say("secret")],
  );
  assert.deepEqual(told.map(types), [["message"], [], [], [], [], []]);
  assert.ok(state.members.has(botId));
  const other = { ...bot, id: 8, username: "other_bot", privacyMode: false };
  const two = born("group", [1, 8, botId]);
  assert.deepEqual(story(two, knowing(bot, other), [8, say("/tea")]).told.map(types), [[]]);
});

test("a channel's posts are channel posts", () => {
  const channel = born("channel", [1, botId]);
  const { told } = story(channel, facts, [1, say("news")], [1, edit(2, "old news")]);
  assert.deepEqual(told.map(types), [["channel_post"], ["edited_channel_post"]]);
});

test("a press tells the bot that sent the button, once, and nothing else changes", () => {
  const spoken = story(direct, facts, [botId, { ...say("Tea?"), keyboard }]).state;
  const press: ChatCommand = { kind: "press", seq: 1, data: "yes", queryId: 77, edge: "e1" };
  const pressed = tell(spoken, ask(1, press));
  assert.deepEqual(pressed.outcome, { kind: "pressed", queryId: 77 });
  assert.deepEqual(pressed.events, []);
  const [update] = rowsOf(pressed, "botUpdate");
  assert.deepEqual([update?.type, update?.queue], ["callback_query", "user:1"]);
  assert.equal((update?.expiresMs ?? 0) - nowMs, 150_000);
  assert.deepEqual(rowsOf(pressed, "botCallback"), [
    { id: 77, botId, userId: 1, edge: "e1", createdMs: nowMs },
  ]);
  const refused = (by: number, asked: ChatCommand, known = facts) =>
    refusal(decide(spoken, ask(by, asked), nowMs, known));
  assert.equal(refused(1, { ...press, data: "no" }), "invalid");
  assert.equal(refused(1, { ...press, seq: 2 }), "not_found");
  assert.equal(refused(3, press), "not_found");
  assert.equal(refused(1, press, knowing()), "forbidden");
});

test("whose result is chosen is told so, wherever it is, and may change what has buttons", () => {
  const via = { botId, resultId: "a", query: "tea" };
  const elsewhere = born("group", [1, 2]);
  const { told, state } = story(
    elsewhere,
    facts,
    [1, { ...say("tea"), via }],
    [1, { ...say("tea"), via, keyboard }],
    [2, { kind: "press", seq: elsewhere.headSeq + 2, data: "yes", queryId: 77, edge: "e1" }],
    [botId, { kind: "rewrite", seq: elsewhere.headSeq + 2, body: "coffee" }],
  );
  assert.deepEqual(told.map(types), [
    ["chosen_inline_result"],
    ["chosen_inline_result"],
    ["callback_query"],
    [],
  ]);
  const news = told.flat().map(({ payload }) => payload.news);
  assert.ok(news[0]?.kind === "chosen" && news[1]?.kind === "chosen" && news[2]?.kind === "callback");
  assert.deepEqual([news[0].messageId, news[2].isInline], [undefined, true]);
  assert.deepEqual(parseInlineMessageId(news[1].messageId ?? ""), {
    chatId: state.id,
    seq: elsewhere.headSeq + 2,
  });
  const other = { kind: "rewrite", seq: elsewhere.headSeq + 2, body: "milk" } as const;
  assert.equal(refusal(decide(state, ask(8, other), nowMs, facts)), "not_found");
});

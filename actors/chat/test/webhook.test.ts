import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type AddressedCommand,
  type ChatCommand,
  type EndpointFact,
  endpointFacts,
  type WebhookType,
} from "@rookery/protocol";
import { type ChatState, decide } from "../src/mod.ts";
import {
  allow,
  ask,
  birth,
  born,
  chatId,
  create,
  dismiss,
  done,
  edit,
  fromTelegram,
  invite,
  leave,
  nowMs,
  react,
  remove,
  rename,
  replay,
  rowsOf,
  say,
} from "./command.ts";

const endpoint = (id: number, of: Partial<EndpointFact>): EndpointFact => ({
  id,
  ownerId: 1,
  scope: "chat",
  chatId: null,
  botId: null,
  types: null,
  ...of,
});
/** Of user 2's, who is a member, and of everything. */
const ofTwo = endpoint(1, { ownerId: 2, chatId });
const ofAll = endpoint(2, { scope: "all" });

interface Told {
  /** The endpoints that are told, in their order. */
  readonly to: number[];
  readonly type: WebhookType;
  readonly id: string;
  readonly place: number;
  readonly data: Record<string, unknown>;
}

/** What a command leads to, event by event. */
function told(
  state: ChatState | null,
  command: AddressedCommand,
  endpoints: readonly EndpointFact[],
): { readonly state: ChatState; readonly events: Told[] } {
  const facts = { endpoints: endpointFacts(endpoints), nativeBots: new Map() };
  const decision = done(decide(state, command, nowMs, facts));
  const deliveries = rowsOf(decision, "webhookDelivery");
  // Each row has its job, of the same name.
  const jobs = (decision.jobs ?? []).flatMap(({ kind, job }) => (kind === "webhookDelivery" ? [job.id] : []));
  assert.deepEqual(
    jobs,
    deliveries.map(({ id }) => id),
  );
  const events = rowsOf(decision, "webhookEvent").map(({ id, type, payload }) => {
    const own = deliveries.filter(({ eventId }) => eventId === id);
    const body = JSON.parse(payload) as { type: string; timestamp: string; data: Record<string, unknown> };
    assert.deepEqual([body.type, body.timestamp], [type, new Date(nowMs).toISOString()]);
    assert.equal((body.data["chat"] as { id: number }).id, chatId);
    return {
      to: own.map(({ endpointId }) => endpointId),
      type,
      id,
      place: own[0]?.place ?? -1,
      data: body.data,
    };
  });
  return { state: decision.state, events };
}

/** Whom a command reaches, and of what. */
const whom = (state: ChatState | null, command: AddressedCommand, ...endpoints: readonly EndpointFact[]) =>
  told(state, command, endpoints).events.map(({ type, to }) => [type, ...to]);

describe("what is told", () => {
  test("a birth, with what it says of itself, in places that rise", () => {
    const { events } = told(null, ask(1, create(birth("group")), "birth"), [ofTwo, ofAll]);
    assert.equal(events[0]?.type, "chat.created");
    const places = events.map(({ place }) => place);
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    );
    assert.ok(events.every(({ to }) => to.length === 2));
  });

  test("messages and changes, one place behind the other, under names that no two have", () => {
    const commands: [ChatCommand, WebhookType][] = [
      [say("one"), "message.created"],
      [say("two"), "message.created"],
      [react(1, "👍"), "reaction.changed"],
      [react(1, "👍", true), "reaction.changed"],
      [edit(2, "changed"), "message.edited"],
      [remove(2), "message.deleted"],
    ];
    let state = born("direct");
    const all: Told[] = [];
    for (const [index, [command, type]] of commands.entries()) {
      const next = told(state, ask(1, command, `u-${index}`), [ofAll]);
      state = next.state;
      assert.deepEqual(
        next.events.map((event) => event.type),
        [type],
      );
      all.push(...next.events);
    }
    assert.equal(new Set(all.map(({ id }) => id)).size, commands.length);
    const [first = 0] = all.map(({ place }) => place);
    assert.deepEqual(
      all.map(({ place }) => place - first),
      commands.map((_, index) => index),
    );
    assert.deepEqual(all.map(({ data }) => data["body"] ?? null).slice(0, 5), [
      "one",
      "two",
      "one",
      "one",
      "changed",
    ]);
  });

  test("members and titles, with what the chat says of it", () => {
    const state = born("group");
    const joined = told(state, ask(1, invite(3), "i"), [ofAll]);
    assert.deepEqual(joined.events.map(({ type }) => type).toSorted(), ["member.changed", "message.created"]);
    const renamed = told(state, ask(1, rename("coffee"), "r"), [ofAll]);
    const change = renamed.events.find(({ type }) => type === "chat.updated");
    assert.equal(change?.data["chat"] && (change.data["chat"] as { title: string }).title, "coffee");
  });

  test("the types somebody wants, and nothing where nobody does", () => {
    const state = born("direct");
    const picky = endpoint(3, { scope: "all", types: new Set(["message.edited"]) });
    assert.deepEqual(whom(state, ask(1, say("x")), picky), []);
    assert.deepEqual(whom(state, ask(1, say("x")), picky, ofAll), [["message.created", 2]]);
    assert.deepEqual(whom(state, ask(1, say("x"))), []);
  });
});

describe("who is told", () => {
  test("of scope chat whoever may read after the command: not who was taken out or left", () => {
    const state = born("group", [1, 2, 3]);
    assert.ok(whom(state, ask(1, say("x")), ofTwo).length > 0);
    assert.deepEqual(whom(state, ask(1, dismiss(2)), ofTwo), []);
    assert.deepEqual(whom(state, ask(2, leave), ofTwo), []);
    const without = told(state, ask(1, dismiss(2), "d"), [ofTwo]).state;
    assert.deepEqual(whom(without, ask(1, say("x")), ofTwo), []);
    const [joined] = told(without, ask(1, invite(2), "i"), [ofTwo]).events;
    assert.deepEqual(joined?.to, [1], "who is let in hears that");
  });

  test("whose reading is forbidden by the ACL hears nothing, until it is allowed again", () => {
    const state = born("group");
    const forbidden = told(state, ask(1, allow("user:2", { canRead: false }), "f"), [ofTwo]);
    assert.deepEqual(whom(forbidden.state, ask(1, say("x")), ofTwo), []);
    const allowed = told(forbidden.state, ask(1, allow("user:2", { canRead: true }), "a"), [ofTwo]);
    assert.deepEqual(whom(allowed.state, ask(1, say("x")), ofTwo), [["message.created", 1]]);
  });

  test("another's chat is nobody's who has no part in it", () => {
    const stranger = endpoint(3, { ownerId: 99, chatId });
    const elsewhere = endpoint(4, { chatId: chatId + 1 });
    assert.deepEqual(whom(born("direct"), ask(1, say("x")), stranger, elsewhere), []);
  });

  test("of scope bot whoever has a bot that is there; of scope reply only what answers it", () => {
    const ofBot = endpoint(3, { scope: "bot", botId: 9 });
    const replies = endpoint(4, { scope: "reply", botId: 9 });
    const state = replay(
      ask(1, create(birth("group", [1, 2, 9])), "birth"),
      ask(9, say("ask me"), "b"),
      ask(1, say("hm"), "h"),
    ).state;
    const answer = (replyTo: number): ChatCommand => ({ ...say("answer"), replyTo });
    const asked = state.headSeq - 1;
    assert.deepEqual(whom(state, ask(1, say("x"), "x"), ofBot, replies), [["message.created", 3]]);
    assert.deepEqual(whom(state, ask(1, answer(asked), "a"), ofBot, replies), [["message.created", 3, 4]]);
    assert.deepEqual(whom(state, ask(1, answer(state.headSeq), "o"), ofBot, replies), [
      ["message.created", 3],
    ]);
    assert.deepEqual(whom(born("group"), ask(1, say("x")), ofBot, replies), []);
  });

  test("a chat of Telegram's tells its bot's endpoints, with the update", () => {
    const ofBot = endpoint(3, { scope: "bot", botId: 9 });
    const { events } = told(null, ask(7, fromTelegram("hi"), "tg-1"), [ofBot]);
    const message = events.find(({ type, data }) => type === "message.created" && data["body"] === "hi");
    assert.deepEqual(message?.to, [3]);
    assert.deepEqual(message?.data["bot"], { id: 9, chatId: -100 });
  });
});

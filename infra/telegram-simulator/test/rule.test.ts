/** The rules that decide, without a server. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openRateLimiter, telegramLimits } from "../src/bot/rate-limit.ts";
import { openUpdateQueue } from "../src/bot/update-queue.ts";
import { type Attempts, nextAttempt, noAttempts } from "../src/bot/webhook-retry.ts";
import { openFaultPlan } from "../src/fault/fault-plan.ts";
import { boundaryOf, parseMultipart } from "../src/http/multipart.ts";
import { checkJournal, isClean } from "../src/journal/check.ts";
import { formatText } from "../src/text/formatted-text.ts";
import { readReplyMarkup } from "../src/text/reply-markup.ts";

describe("the updates of a bot", () => {
  const filled = (count: number) => {
    const queue = openUpdateQueue(10);
    for (let index = 0; index < count; index++) queue.push("message", { text: `${index}` }, "chat 1", 0);
    return queue;
  };
  const ids = (updates: readonly { readonly id: number }[]) => updates.map(({ id }) => id);

  it("an offset above 0 forgets all below it, 0 confirms nothing", () => {
    const queue = filled(5);
    assert.deepEqual(ids(queue.take(0, 2, 0)), [10, 11]);
    assert.deepEqual(ids(queue.take(0, 100, 0)), [10, 11, 12, 13, 14]);
    assert.deepEqual(ids(queue.take(12, 100, 0)), [12, 13, 14]);
    assert.deepEqual(ids(queue.take(0, 100, 0)), [12, 13, 14]);
  });
  it("a negative offset keeps the last ones and forgets the rest", () => {
    const queue = filled(5);
    assert.deepEqual(ids(queue.take(-2, 100, 0)), [13, 14]);
    assert.deepEqual(ids(queue.list(0)), [13, 14]);
    assert.deepEqual(ids(queue.take(-100, 100, 0)), [13, 14]);
  });
  it("ids have no gaps, also when a type is not wanted", () => {
    const queue = openUpdateQueue(1);
    assert.equal(queue.push("message_reaction", {}, "chat 1", 0), null);
    assert.equal(queue.push("message", {}, "chat 1", 0)?.id, 1);
    queue.allow(["message_reaction", "no_such_type"]);
    assert.deepEqual(queue.allowed, ["message_reaction"]);
    assert.equal(queue.push("message", {}, "chat 1", 0), null);
    assert.equal(queue.push("message_reaction", {}, "chat 1", 0)?.id, 2);
    queue.allow([]);
    assert.equal(queue.allowed, undefined);
  });
  it("a message lives a day, a press 150 s, an inline query 30 s", () => {
    const queue = openUpdateQueue(1);
    for (const type of ["message", "callback_query", "inline_query"]) queue.push(type, {}, "x", 0);
    assert.deepEqual(ids(queue.list(29_999)), [1, 2, 3]);
    assert.deepEqual(ids(queue.list(30_000)), [1, 2]);
    assert.deepEqual(ids(queue.list(150_000)), [1]);
    assert.deepEqual(ids(queue.list(86_400_000)), []);
  });
});

describe("retries of a webhook", () => {
  it("are at once, then after 2, 4, 8 s … up to a random 60–120 s", () => {
    let attempts: Attempts = noAttempts;
    const waits: number[] = [];
    for (let index = 0; index < 9; index++) {
      const next = nextAttempt(attempts, 0, () => 0.5);
      attempts = next.attempts;
      waits.push(next.waitSeconds);
    }
    assert.deepEqual(waits, [0, 2, 4, 8, 16, 32, 64, 90, 90]);
  });
  it("honour Retry-After to an hour, and go on where they were", () => {
    const first = nextAttempt(noAttempts, 7, () => 0);
    assert.equal(first.waitSeconds, 7);
    assert.equal(nextAttempt(first.attempts, 0, () => 0).waitSeconds, 2);
    assert.equal(nextAttempt(noAttempts, 9_999, () => 0).waitSeconds, 3_600);
  });
});

describe("limits of sending", () => {
  const one = { botId: 1, chatId: 5, isGroup: false, messages: 1 };
  it("a chat takes a short burst, then one a second, and says for how long to wait", () => {
    const limiter = openRateLimiter(telegramLimits);
    for (let index = 0; index < 3; index++) assert.equal(limiter.admit(one, 0), null);
    const violation = limiter.admit(one, 0);
    assert.deepEqual([violation?.scope, violation?.retryAfter, violation?.isEarly], ["chat", 1, false]);
    assert.equal(limiter.admit(one, 500)?.isEarly, true);
    assert.equal(limiter.admit({ ...one, chatId: 6 }, 500), null);
    assert.equal(limiter.admit(one, 1_000), null);
    assert.equal(limiter.admit(one, 1_001)?.scope, "chat");
  });
  it("a bot sends 30 a second over all chats", () => {
    const limiter = openRateLimiter(telegramLimits);
    for (let chatId = 0; chatId < 30; chatId++) assert.equal(limiter.admit({ ...one, chatId }, 0), null);
    assert.equal(limiter.admit({ ...one, chatId: 99 }, 0)?.scope, "bot");
    assert.equal(limiter.admit({ ...one, botId: 2, chatId: 99 }, 0), null);
    let sent = 0;
    for (let ms = 1_000; ms < 11_000; ms += 10) {
      if (limiter.admit({ ...one, chatId: 1_000 + ms }, ms) === null) sent++;
    }
    assert.ok(sent <= 30 * 10 + 30, `${sent} in 10 s`);
  });
  it("a group takes 20 a minute", () => {
    const limiter = openRateLimiter({ ...telegramLimits, chatBurst: 100, chatPerSecond: 100 });
    const group = { ...one, isGroup: true };
    for (let index = 0; index < 20; index++) assert.equal(limiter.admit(group, index * 10), null);
    const violation = limiter.admit(group, 300);
    assert.equal(violation?.scope, "group");
    assert.equal(limiter.admit(group, 300 + (violation?.retryAfter ?? 0) * 1_000), null);
  });
  it("an album counts as many messages as it holds", () => {
    const limiter = openRateLimiter(telegramLimits);
    assert.equal(limiter.admit({ ...one, messages: 10 }, 0), null);
    assert.equal(limiter.admit(one, 1_000)?.scope, "chat");
  });
});

describe("faults", () => {
  const about = { method: "sendMessage", botId: 1, chatId: 5 };
  it("strike whom they name, after what they skip, as often as they say", () => {
    const plan = openFaultPlan(1);
    plan.add({ kind: "cut_after", method: "SENDMESSAGE", chatId: 5, skip: 1, times: 2 });
    const kinds = [1, 2, 3, 4].map(() => plan.ofCall(about)?.kind ?? "none");
    assert.deepEqual(kinds, ["none", "cut_after", "cut_after", "none"]);
    plan.add({ kind: "slow", delayMs: 5, method: "getMe" });
    assert.equal(plan.ofCall(about), null);
  });
  it("by chance are the same for the same seed", () => {
    const run = (seed: number) => {
      const plan = openFaultPlan(seed);
      plan.add({ kind: "status", code: 502, probability: 0.3 });
      return Array.from({ length: 200 }, () => (plan.ofCall(about) === null ? "-" : "x")).join("");
    };
    assert.equal(run(7), run(7));
    assert.notEqual(run(7), run(8));
    const struck = run(7).replaceAll("-", "").length;
    assert.ok(struck > 30 && struck < 90, `${struck} of 200`);
  });
  it("of deliveries and of calls do not meet", () => {
    const plan = openFaultPlan(1);
    plan.add({ kind: "duplicate" });
    assert.equal(plan.ofCall(about), null);
    assert.deepEqual(
      plan.ofDelivery({ botId: 1, chatId: 5 }).map(({ kind }) => kind),
      ["duplicate"],
    );
  });
});

describe("the check of a journal", () => {
  const expected = ["a", "b", "c", "d"].map((text) => ({ chat: "1", text }));
  const [a, b, c, d] = expected as [ExpectedAny, ExpectedAny, ExpectedAny, ExpectedAny];
  type ExpectedAny = (typeof expected)[number];
  const nothing = { lost: [], doubled: [], reordered: [], foreign: [], repeated: [] };

  it("passes what is whole, once and in order, chat by chat", () => {
    const other = { chat: "2", text: "a" };
    assert.deepEqual(checkJournal([...expected, other], [other, a, b, c, d]), nothing);
  });
  it("finds a lost, a doubled, a reordered and a foreign message", () => {
    assert.deepEqual(checkJournal(expected, [a, b, d]).lost, ["1: c"]);
    assert.deepEqual(checkJournal(expected, [a, b, b, c, d]).doubled, ["1: b"]);
    assert.deepEqual(checkJournal(expected, [a, c, b, d]).reordered, ["1: b"]);
    assert.deepEqual(checkJournal(expected, [a, b, c, d, { chat: "1", text: "e" }]).foreign, ["1: e"]);
    assert.ok(!isClean(checkJournal(expected, [a, c, b, d])));
  });
  it("tells a repetition after an unknown outcome from a double", () => {
    const verdict = checkJournal(expected, [a, { ...b, isOutcomeUnknown: true }, b, c, d]);
    assert.deepEqual(verdict, { ...nothing, repeated: ["1: b"] });
    assert.ok(isClean(verdict));
    // The second was told; a third is a fault.
    const third = checkJournal(expected, [a, { ...b, isOutcomeUnknown: true }, b, b, c, d]);
    assert.deepEqual(third.doubled, ["1: b"]);
  });
  it("refuses what it could not tell apart", () => {
    assert.throws(() => checkJournal([a, a], [a]), /expected twice/);
  });
});

describe("multipart", () => {
  const part = 'content-disposition:form-data;name="a"\r\n\r\none';
  const file =
    'Content-Disposition: form-data; name="f"; filename="x \\"y\\".txt"\r\nContent-Type: text/plain\r\n\r\n\r\n--\r\nbytes';
  const body = Buffer.from(`--B\r\n${part}\r\n--B\r\n${file}\r\n--B--\r\n`);

  it("is read as grammY and as others write it", () => {
    assert.equal(boundaryOf('multipart/form-data; boundary="B"'), "B");
    const [one, two, ...more] = parseMultipart(body, "B") ?? [];
    assert.deepEqual([one?.name, one?.fileName, one?.bytes.toString()], ["a", undefined, "one"]);
    assert.deepEqual([two?.name, two?.fileName, two?.mime], ["f", 'x "y".txt', "text/plain"]);
    assert.equal(two?.bytes.toString(), "\r\n--\r\nbytes");
    assert.equal(more.length, 0);
  });
  it("is none when it is cut off anywhere", () => {
    // The last two bytes are a line's end nobody needs.
    for (let length = 0; length < body.length - 4; length++) {
      assert.equal(parseMultipart(body.subarray(0, length), "B"), null, `${length} bytes`);
    }
  });
});

describe("formatted text", () => {
  const kinds = (text: string, mode: string) => {
    const formatted = formatText(text, mode, undefined);
    return [
      formatted.text,
      ...formatted.entities.map(({ type, offset, length }) => `${type} ${offset}+${length}`),
    ];
  };
  const fails = (text: string, mode: string, description: string) =>
    assert.throws(() => formatText(text, mode, undefined), { message: `Bad Request: ${description}` });

  it("HTML becomes entities, in UTF-16", () => {
    assert.deepEqual(kinds("<b>🎉 <i>x</i></b> &lt;<code>y</code>", "HTML"), [
      "🎉 x <y",
      "bold 0+4",
      "italic 3+1",
      "code 6+1",
    ]);
    assert.deepEqual(formatText('<a href="https://x.uz/">x</a>', "html", undefined).entities, [
      { type: "text_link", offset: 0, length: 1, url: "https://x.uz/" },
    ]);
  });
  it("HTML that is none is refused in Telegram's words", () => {
    fails("<b>x", "HTML", `can't parse entities: Can't find end tag corresponding to start tag "b"`);
    fails("<x>y</x>", "HTML", `can't parse entities: Unsupported start tag "x" at byte offset 0`);
    fails("я</b>", "HTML", "can't parse entities: Unexpected end tag at byte offset 2");
    fails(
      "<b>x</i>",
      "HTML",
      `can't parse entities: Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`,
    );
    fails("1 < 2", "HTML", "can't parse entities: Unclosed start tag at byte offset 2");
    fails("x", "XML", "unsupported parse_mode");
  });
  it("MarkdownV2 becomes entities, and what is reserved has to be escaped", () => {
    assert.deepEqual(kinds("*b _i_* `c.` ~s~ ||p||", "MarkdownV2"), [
      "b i c. s p",
      "bold 0+3",
      "italic 2+1",
      "code 4+2",
      "strikethrough 7+1",
      "spoiler 9+1",
    ]);
    assert.deepEqual(kinds("1\\.5\n>quoted", "MarkdownV2"), ["1.5\nquoted", "blockquote 4+6"]);
    fails(
      "1.5",
      "MarkdownV2",
      "can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
    );
    fails("я *b", "MarkdownV2", "can't parse entities: Can't find end of Bold entity at byte offset 3");
  });
  it("the old Markdown becomes entities", () => {
    assert.deepEqual(kinds("*b* _i_ [x](https://x.uz)", "Markdown"), [
      "b i x",
      "bold 0+1",
      "italic 2+1",
      "text_link 4+1",
    ]);
    fails("a_b", "Markdown", "can't parse entities: Can't find end of the entity starting at byte offset 1");
  });
  it("commands, mentions and addresses are found; white space at the ends is not text", () => {
    assert.deepEqual(kinds("  /start@x_bot for @house https://x.uz ", ""), [
      "/start@x_bot for @house https://x.uz",
      "bot_command 0+12",
      "mention 17+6",
      "url 24+12",
    ]);
  });
});

describe("keyboards", () => {
  const inline = (button: object, count = 1) => ({
    inline_keyboard: [Array.from({ length: count }, () => button)],
  });
  const fails = (markup: unknown, description: string) =>
    assert.throws(() => readReplyMarkup(markup), { message: `Bad Request: ${description}` });

  it("a button has 1 to 64 bytes of data, a keyboard 100 buttons", () => {
    assert.ok(readReplyMarkup(inline({ text: "x", callback_data: "я".repeat(32) })));
    fails(inline({ text: "x", callback_data: "я".repeat(33) }), "BUTTON_DATA_INVALID");
    fails(
      inline({ text: "x", callback_data: "" }),
      "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    );
    fails(inline({ callback_data: "x" }), `can't parse inline keyboard button: Can't find field "text"`);
    fails(inline({ text: "x", callback_data: "x" }, 101), "REPLY_MARKUP_TOO_LONG");
    fails([], "object expected as reply markup");
    assert.ok(readReplyMarkup({ keyboard: [["plain", { text: "contact", request_contact: true }]] }));
  });
});

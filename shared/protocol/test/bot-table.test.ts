import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault, parseRouteTable, parseServiceAnswer, parseServiceTable, readPattern } from "../src/mod.ts";

/** What is wrong, in the words that a reader is told. */
function wrong(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, "invalid");
    return error.message;
  }
  return "nothing";
}
const routes = (value: unknown): string => wrong(() => parseRouteTable(value));
const to = { service: "main" };

test("[T6] a table's mistakes are named by their path", () => {
  assert.equal(routes({}), "nothing");
  assert.match(routes({ commands: [{ command: "Start", to }] }), /^commands\[0\]\.command: must match/);
  assert.match(
    routes({ commands: [{ command: "a", to: {} }] }),
    /^commands\[0\]\.to: must be a service or a reply/,
  );
  assert.match(
    routes({
      commands: [
        { command: "a", to },
        { command: "a", to },
      ],
    }),
    /^commands\[1\]\.command: is there/,
  );
  assert.match(
    routes({ callbacks: [{ match: "regex", value: "a", to }] }),
    /^callbacks\[0\]\.match: must be one of/,
  );
  assert.match(
    routes({ callbacks: [{ match: "pattern", value: "a", to }] }),
    /^callbacks\[0\]\.value: must have 1 to/,
  );
  assert.match(routes({ text: { reply: { en: " " } } }), /^text\.reply\.en: must match/);
  assert.match(routes({ flood: { perMinute: 0 } }), /^flood\.perMinute: must be from 1/);
});

test("[T7] a service's mistakes are named by their path", () => {
  const services = (spec: object, name = "one"): string => wrong(() => parseServiceTable({ [name]: spec }));
  assert.equal(
    services({ url: "https://a.b/c", timeoutMs: 3_000, retries: 0, headers: { "x-key": "1" } }),
    "nothing",
  );
  assert.match(services({ url: "ftp://a" }), /^services\.one\.url: must match/);
  assert.match(services({ url: "http://u:p@a" }), /^services\.one\.url: must name no user/);
  assert.match(
    services({ url: "https://a", timeoutMs: 60_000 }),
    /^services\.one\.timeoutMs: must be from 3000 to 10000/,
  );
  assert.match(
    services({ url: "https://a", headers: { Host: "b" } }),
    /^services\.one\.headers: Host cannot/,
  );
  assert.match(services({ url: "https://a" }, "One!"), /^services\.One!: must match/);
});

test("a pattern reads in one way only: what would be guessed is refused, and long texts are read at once", () => {
  assert.match(
    wrong(() => readPattern("a:{x}{y}", "p")),
    /^p: has two places side by side/,
  );
  assert.match(
    wrong(() => readPattern("a:{x}:{x}", "p")),
    /^p: names a place twice/,
  );
  assert.match(
    wrong(() => readPattern("a}:{x}", "p")),
    /^p: has a brace/,
  );
  const { expression, names } = readPattern("a.b:{x}:{y}", "p");
  assert.deepEqual(
    [names, expression.exec("a.b:1:2")?.slice(1)],
    [
      ["x", "y"],
      ["1", "2"],
    ],
  );
  assert.equal(expression.exec("aXb:1:2"), null);
  const evil = readPattern("{a}x{b}x{c}x{d}x{e}!", "p").expression;
  const startedMs = performance.now();
  assert.equal(evil.exec("x".repeat(4_096)), null);
  assert.equal(evil.exec("ax".repeat(2_048)), null);
  assert.ok(performance.now() - startedMs < 100);
});

test("[T8] a service's answer: several messages, files, an edit, a notice, data", () => {
  const keyboard = { rows: [{ buttons: [{ text: "a", data: "x".repeat(200) }] }] };
  const answer = parseServiceAnswer(
    {
      messages: [{ text: "hi", keyboard }, { photo: "P", text: "look" }, { document: "https://a/b.pdf" }],
      edit: { text: "now" },
      answer: { text: "ok", alert: true },
      data: { id: 7 },
    },
    12,
  );
  assert.deepEqual(answer.actions, [
    { kind: "send", message: { body: "hi", keyboard } },
    { kind: "send", message: { body: "look", file: { kind: "photo", fileId: "P" } } },
    { kind: "send", message: { body: "", file: { kind: "document", fileId: "https://a/b.pdf" } } },
    { kind: "edit", messageId: 12, body: "now" },
    { kind: "answer", text: "ok", alert: true },
  ]);
  assert.deepEqual(answer.data, { id: 7 });
});

test("[T10] a button says what it is about and how long it works, and an answer ends those of an entity", () => {
  const buttons = [{ text: "Take", data: "take:7", entity: "shift:7", lifeMs: 60_000 }];
  const { actions } = parseServiceAnswer(
    { messages: [{ text: "?", keyboard: { rows: [{ buttons }] } }], invalidate: ["shift:6", "shift:5"] },
    null,
  );
  assert.deepEqual(actions, [
    { kind: "send", message: { body: "?", keyboard: { rows: [{ buttons }] } } },
    { kind: "invalidate", entity: "shift:6" },
    { kind: "invalidate", entity: "shift:5" },
  ]);
  const said = (button: object) =>
    wrong(() =>
      parseServiceAnswer(
        { messages: [{ text: "?", keyboard: { rows: [{ buttons: [{ text: "a", ...button }] }] } }] },
        null,
      ),
    );
  assert.match(said({ lifeMs: 999 }), /lifeMs: must be/);
  assert.match(said({ entity: "x".repeat(129) }), /entity: must/);
  assert.match(
    wrong(() => parseServiceAnswer({ invalidate: Array(21).fill("a") }, null)),
    /^invalidate: must/,
  );
});

test("[T8] what Telegram would not take is refused by its path", () => {
  const said = (value: unknown, pressed: number | null = null) =>
    wrong(() => parseServiceAnswer(value, pressed));
  assert.match(said([]), /must be an object/);
  assert.match(said({ messages: [{}] }), /^messages\[0\]\.text: must not be empty/);
  assert.match(
    said({ messages: [{ text: "x".repeat(4_097) }] }),
    /^messages\[0\]\.text: must be at most 4096/,
  );
  assert.match(said({ messages: [{ photo: "P", text: "x".repeat(1_025) }] }), /at most 1024/);
  assert.match(said({ edit: { text: "a" } }), /^edit\.messageId: is missing/);
  assert.match(said({ answer: { text: "x".repeat(201) } }), /^answer\.text: must be at most 200/);
});

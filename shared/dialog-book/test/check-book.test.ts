import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { checkBook } from "@rookery/dialog-book";

type Json = Record<string, unknown>;

function book(steps: readonly unknown[], extra: Json = {}): Json {
  return {
    languages: ["en"],
    greeting: { en: "Hello" },
    help: { en: "Help" },
    menu: { text: { en: "Menu" }, dialogs: ["form"] },
    dialogs: { form: { title: { en: "Form" }, steps } },
    ...extra,
  };
}

function issuesOf(value: unknown): string[] {
  const check = checkBook(value);
  return check.kind === "valid" ? [] : check.issues.map(({ path, message }) => `${path} ${message}`);
}

const name = { id: "name_of", kind: "text", prompt: { en: "Name?" } };

describe("a book of dialogues", () => {
  it("the example is valid in three languages", async () => {
    const file = new URL("../../../examples/uk-management-bot/dialogs.json", import.meta.url);
    assert.deepEqual(issuesOf(JSON.parse(await readFile(file, "utf8"))), []);
  });

  it("what may be missing has its value", () => {
    const check = checkBook(book([name]));
    assert.ok(check.kind === "valid");
    const [step] = check.book.dialogs["form"]?.steps ?? [];
    assert.deepEqual(step, {
      id: "name_of",
      kind: "text",
      next: [],
      prompt: { en: "Name?" },
      entity: null,
      lifeMs: null,
      label: null,
      optional: false,
      invalid: null,
      min: 1,
      max: 500,
    });
    assert.equal(check.book.timeZone, "UTC");
  });

  it("every wrong place is told, with its path", () => {
    const steps = [
      { ...name, prompt: {}, min: 0, colour: "red" },
      { id: "Two", kind: "text", prompt: { en: "?", fr: "?" } },
      { id: "three", kind: "riddle" },
      { id: "four", kind: "choice", prompt: { en: "?" }, options: [{ value: "a", label: { en: " " } }] },
    ];
    assert.deepEqual(issuesOf(book(steps)), [
      "dialogs.form.steps.0.colour is not known",
      "dialogs.form.steps.0.prompt.en is missing",
      "dialogs.form.steps.0.min must be a whole number from 1 to 2000",
      "dialogs.form.steps.1.id must match ^[a-z][a-z0-9_]{0,31}$",
      "dialogs.form.steps.1.prompt.fr is not known",
      "dialogs.form.steps.2.kind must be one of text, number, phone, date, choice, photo, location, summary, say, language, submit",
      "dialogs.form.steps.3.options.0.label.en must not be empty",
    ]);
  });

  it("a step leads to a later one that is there", () => {
    const steps = [
      { ...name, next: "gone" },
      { id: "b", kind: "say", text: { en: "x" }, next: "name_of" },
    ];
    assert.deepEqual(issuesOf(book(steps)), [
      "dialogs.form.steps.0.next.0.to names no step: gone",
      "dialogs.form.steps.1.next.0.to must lead to a later step, so that every dialogue ends",
    ]);
    assert.deepEqual(issuesOf(book([{ ...name, next: "end" }])), []);
  });

  it("what a text or a condition reads has been asked before", () => {
    const steps = [
      { id: "a", kind: "say", text: { en: "{name}, {name_of} {a.b}" } },
      { ...name, next: [{ if: "later", is: ["x"], to: "end" }] },
      { id: "later", kind: "say", text: { en: "{name_of} {name_of.key}" } },
    ];
    assert.deepEqual(issuesOf(book(steps)), [
      "dialogs.form.steps.0.text.en names no step that comes before: name_of",
      "dialogs.form.steps.0.text.en names no step that comes before: a.b",
      "dialogs.form.steps.1.next.0.if names no step that comes before: later",
      "dialogs.form.steps.2.text.en only a service tells more than an answer: name_of.key",
    ]);
  });

  it("[T10] what buttons are about reads answers of before", () => {
    const check = { id: "sure", kind: "summary", prompt: { en: "Sure?" } };
    assert.deepEqual(issuesOf(book([name, { ...check, entity: "of:{name_of}", lifeMs: 60_000 }])), []);
    assert.deepEqual(issuesOf(book([name, { ...check, entity: "of:{nobody}", lifeMs: 1 }])), [
      "dialogs.form.steps.1.lifeMs must be a whole number from 1000 to 3600000",
    ]);
    assert.deepEqual(issuesOf(book([name, { ...check, entity: "of:{nobody}" }])), [
      "dialogs.form.steps.1.entity names no step that comes before: nobody",
    ]);
  });

  it("a command, a link and a name belong to one dialogue, and the book's own commands to none", () => {
    const form = { title: { en: "F" }, steps: [name], commands: ["go"], payload: "go" };
    const menu = { text: { en: "Menu" }, dialogs: ["form", "nowhere"] };
    const other = { ...form };
    assert.deepEqual(issuesOf(book([], { menu, dialogs: { form, other } })), [
      "menu.dialogs.1 is not a dialogue of this book",
      "dialogs.other.commands.0 is already the command of dialogs.form.commands.0",
      "dialogs.other.payload is already that of dialogs.form.payload",
    ]);
    assert.deepEqual(issuesOf(book([], { dialogs: { form: { ...form, commands: ["start"] } } })), [
      "dialogs.form.commands.0 is answered by the book itself",
    ]);
  });

  it("a language that is not built in brings every word", () => {
    const steps = [{ id: "a", kind: "say", text: { fr: "oui" } }];
    const french = {
      ...book([]),
      languages: ["fr"],
      greeting: { fr: "a" },
      help: { fr: "a" },
      menu: { text: { fr: "a" }, dialogs: [] },
      dialogs: { form: { title: { fr: "a" }, steps } },
    };
    const issues = issuesOf(french);
    assert.ok(issues.includes("words.back.fr is missing"), issues.join("\n"));
    assert.equal(issues.length, 20);
  });

  it("no JSON of any shape is more than refused", () => {
    for (const value of [null, 1, "a", [], {}, { dialogs: [] }, { dialogs: { x: 1 } }, book([null, 7])]) {
      assert.ok(issuesOf(value).length > 0);
    }
    assert.ok(issuesOf({ ...book([name]), timeZone: "Mars/Base" })[0]?.startsWith("timeZone must be"));
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bookOf, readExample, Rehearsal } from "./rehearsal.ts";

const example = readExample();

function walkToPhone(person: Rehearsal): void {
  person.says("/request");
  person.chooses("Plumbing");
  person.says("Amir Temur 5");
  person.says("The tap drips");
  person.chooses("Urgent");
}

function walkToSummary(person: Rehearsal): void {
  walkToPhone(person);
  person.does({ kind: "contact", phone: "998901234567", firstName: "Ada", isOwn: true });
  person.chooses("Skip");
  person.does({ kind: "file", fileKind: "photo", fileId: "F1", caption: "" });
}

describe("a dialogue", () => {
  it("is gone through to its end, and the service gets what was answered", () => {
    const ada = new Rehearsal(example);
    ada.serve = () => ({ kind: "answered", actions: [], data: { number: 12 } });
    walkToSummary(ada);
    assert.deepEqual(ada.texts.at(-1)?.split("\n"), [
      "Is this right?",
      "About: 🚰 Plumbing",
      "Address: Amir Temur 5",
      "Description: The tap drips",
      "Urgency: 🔴 Urgent",
      "Phone: +998901234567",
      "Place: —",
      "Photo: 🖼",
    ]);
    ada.chooses("Confirm");
    assert.deepEqual(ada.calls, [
      {
        service: "requests",
        payload: {
          dialog: "create_request",
          step: "sent",
          language: "en",
          answers: {
            category: "plumbing",
            address: "Amir Temur 5",
            description: "The tap drips",
            urgency: "urgent",
            phone: "+998901234567",
            place: null,
            photo: { fileId: "F1", caption: "" },
          },
        },
      },
    ]);
    assert.deepEqual(ada.texts, ["Request no. 12 is registered."]);
    assert.ok(ada.labels.includes("🛠 New request"), "the menu is under the last message");
    assert.equal(ada.memory, null);
  });

  it("branches by an answer, and a branch not taken is not told", () => {
    const ada = new Rehearsal(example);
    ada.says("/request");
    ada.chooses("Something else");
    assert.deepEqual(ada.texts, ["Name it in one line."]);
    ada.says("A cat on the roof");
    ada.chooses("Back");
    ada.chooses("Back");
    ada.chooses("Lift");
    assert.deepEqual(ada.texts, ["Please write the address: street, house, flat."]);
    ada.says("Amir Temur 5");
    ada.says("It stands still");
    ada.chooses("Normal");
    ada.chooses("Tomorrow");
    ada.says("90 123-45-67");
    ada.says("⏭ Skip");
    ada.chooses("Skip");
    ada.chooses("Confirm");
    assert.deepEqual(ada.calls[0]?.payload?.["answers"], {
      category: "lift",
      address: "Amir Temur 5",
      description: "It stands still",
      urgency: "normal",
      day: "2026-11-21",
      phone: "+901234567",
      place: null,
      photo: null,
    });
  });

  it("what does not fit is said, and the question stands", () => {
    const ada = new Rehearsal(example);
    walkToPhone(ada);
    assert.ok(ada.buttons.some(({ request }) => request === "contact"));
    ada.does({ kind: "contact", phone: "998901234567", firstName: "Eve", isOwn: false });
    assert.match(ada.texts[0] ?? "", /share your own number/);
    ada.says("my number");
    ada.does({ kind: "location", location: { latitude: 1, longitude: 2 } });
    assert.match(ada.texts[0] ?? "", /share your own number/);
    ada.says("+998 (90) 123-45-67");
    ada.does({ kind: "location", location: { latitude: 41.31, longitude: 69.28 } });
    assert.deepEqual(ada.seen[0]?.keyboard, { rows: [], place: "removed" });
    assert.equal(ada.texts[1], "Send a photo, if there is one.");
    ada.does({ kind: "file", fileKind: "document", fileId: "D", caption: "" });
    assert.deepEqual(ada.texts, ["Please send a photo."]);
  });

  it("days are read as people write them, and only those allowed", () => {
    const book = bookOf({
      languages: ["en"],
      timeZone: "Asia/Tashkent",
      greeting: { en: "a" },
      help: { en: "a" },
      menu: { text: { en: "a" }, dialogs: [] },
      dialogs: {
        day: {
          title: { en: "Day" },
          commands: ["day"],
          steps: [
            { id: "day", kind: "date", from: 0, to: 60, prompt: { en: "Day?" } },
            { id: "said", kind: "say", text: { en: "{day}" } },
          ],
        },
      },
    });
    const ada = new Rehearsal(book);
    // In Tashkent it is the next day already.
    ada.nowMs = Date.UTC(2026, 11, 30, 20);
    for (const [written, read] of [
      ["31.12.2026", "31.12.2026"],
      ["2027-01-05", "05.01.2027"],
      ["5.1", "05.01.2027"],
      ["1/2/27", "01.02.2027"],
      ["30.12.2026", null],
      ["30.02.2027", null],
      ["1.5.2027", null],
      ["soon", null],
    ] as const) {
      ada.says(`/day ${written}`);
      assert.equal(ada.texts[0], read ?? "Day?", written);
    }
  });

  it("a press on an old keyboard does nothing but say so", () => {
    const ada = new Rehearsal(example);
    ada.says("/request");
    const [old] = ada.buttons;
    ada.chooses("Lift");
    const before = ada.memory;
    ada.presses(old?.data ?? null);
    assert.equal(ada.told, "This button is no longer valid.");
    assert.deepEqual([ada.seen, ada.memory], [[], before]);
    ada.says("/cancel");
    ada.presses(old?.data ?? null);
    assert.equal(ada.told, "This button is no longer valid.");
  });

  it("[T10] buttons of a step are about what it says, those of a service's options about theirs; ways out always work", () => {
    const about = {
      title: { en: "Take" },
      commands: ["take"],
      steps: [
        { id: "shift", kind: "choice", service: "shifts", prompt: { en: "Which?" }, lifeMs: 60_000 },
        { id: "sure", kind: "summary", prompt: { en: "Sure?" }, entity: "shift:{shift}" },
        { id: "end_of_it", kind: "say", text: { en: "yours" } },
      ],
    };
    const ada = new Rehearsal(
      bookOf({
        languages: ["en", "ru"],
        greeting: { en: "a", ru: "a" },
        help: { en: "a", ru: "a" },
        menu: { text: { en: "a", ru: "a" }, dialogs: [] },
        dialogs: {
          take: JSON.parse(JSON.stringify(about).replaceAll(/"en":"([^"]*)"/g, '"en":"$1","ru":"$1"')),
        },
      }),
    );
    const options = [
      { value: 7, label: "Monday", entity: "monday", lifeMs: 5_000 },
      { value: 8, label: "Tuesday", lifeMs: 1 },
    ];
    ada.serve = () => ({ kind: "answered", actions: [], data: { options } });
    ada.says("/take");
    const bound = () => ada.buttons.map(({ text, entity, lifeMs }) => [text, entity, lifeMs]);
    assert.deepEqual(bound(), [
      ["Monday", "monday", 5_000],
      ["Tuesday", undefined, 1_000],
      ["✖️ Cancel", undefined, undefined],
    ]);
    ada.chooses("Tuesday");
    assert.deepEqual(bound(), [
      ["✅ Confirm", "shift:8", undefined],
      ["⬅️ Back", undefined, undefined],
      ["✖️ Cancel", undefined, undefined],
    ]);
    // Its token was invalidated: said in the language the person chose, and the question stands.
    ada.says("/language");
    ada.presses("~lru");
    const confirm = ada.buttons[0]?.data ?? null;
    ada.presses(null);
    assert.equal(ada.told, "Эта кнопка больше не действует.");
    ada.presses(confirm);
    assert.deepEqual(ada.texts, ["yours"]);
  });

  it("a service that fails takes nothing away: the last question is asked again", () => {
    const ada = new Rehearsal(example);
    ada.serve = () => ({ kind: "failed", reason: "timeout" });
    walkToSummary(ada);
    ada.chooses("Confirm");
    assert.match(ada.texts[0] ?? "", /nothing is lost/);
    assert.match(ada.texts[1] ?? "", /^Is this right\?/);
    ada.serve = () => ({ kind: "answered", actions: [], data: { number: 13 } });
    ada.chooses("Confirm");
    assert.deepEqual(ada.texts, ["Request no. 13 is registered."]);
    ada.serve = () => ({ kind: "failed", reason: "timeout" });
    ada.says("/myrequests");
    assert.match(ada.texts[0] ?? "", /not available/);
    assert.equal(ada.isTalking, false);
  });

  it("a service tells the options of a choice, and what may be read in texts and conditions", () => {
    const ada = new Rehearsal(example);
    const options = [
      { value: "a", label: "Monday" },
      { value: 2, label: "Tuesday" },
      { value: {}, label: "?" },
    ];
    let result = "taken";
    ada.serve = ({ payload }) => ({
      kind: "answered",
      actions: [],
      data: payload?.["step"] === "shift" ? { options } : { result },
    });
    ada.says("/take");
    assert.deepEqual(ada.labels, ["Monday", "Tuesday", "✖️ Cancel"]);
    ada.chooses("Tuesday");
    ada.chooses("Confirm");
    assert.deepEqual(ada.calls.at(-1)?.payload?.["answers"], { shift: "2" });
    assert.deepEqual(ada.texts, ["The shift is yours: Tuesday."]);
    result = "late";
    ada.says("/take a");
    ada.chooses("Confirm");
    assert.deepEqual(ada.texts, ["Somebody was faster, this shift is taken."]);
    options.length = 0;
    ada.says("/take");
    assert.deepEqual(ada.texts, ["There are no free shifts."]);
  });

  it("is forgotten after an hour, and its keyboards with it", () => {
    const ada = new Rehearsal(example);
    ada.says("/request");
    const [button] = ada.buttons;
    ada.nowMs += 3_599_999;
    ada.says("something");
    assert.equal(ada.isTalking, true);
    ada.nowMs += 3_600_000;
    assert.equal(ada.says("Amir Temur 5"), false);
    ada.presses(button?.data ?? null);
    assert.equal(ada.told, "This button is no longer valid.");
  });

  it("is ended where the book has lost its step meanwhile", () => {
    const ada = new Rehearsal(example);
    ada.says("/request");
    const { create_request: _gone, ...dialogs } = example.dialogs;
    ada.book = { ...example, dialogs };
    ada.says("Lift");
    assert.deepEqual(ada.texts, ["This button is no longer valid."]);
    assert.equal(ada.isTalking, false);
  });
});

describe("a book", () => {
  it("greets, helps, shows its menu, and cancels", () => {
    const ada = new Rehearsal(example);
    ada.says("/start");
    assert.deepEqual(ada.texts, [
      "Hello, Ada! I am the bot of your management company.",
      "What can I do for you?",
    ]);
    ada.chooses("New request");
    assert.deepEqual(ada.texts, ["What is it about?"]);
    ada.says("/help");
    assert.match(ada.texts[0] ?? "", /^Requests/);
    assert.equal(ada.isTalking, true);
    ada.says("/cancel");
    assert.deepEqual([ada.texts, ada.isTalking], [["Cancelled."], false]);
    ada.says("/cancel");
    assert.deepEqual(ada.texts, ["There is nothing to cancel."]);
    ada.says("/menu");
    assert.deepEqual(ada.texts, ["What can I do for you?"]);
  });

  it("a link into the bot begins its dialogue, with an answer", () => {
    const ada = new Rehearsal(example);
    ada.says("/start request");
    assert.deepEqual(ada.texts, ["What is it about?"]);
    ada.says("/start request_lift");
    assert.deepEqual(ada.texts, ["Please write the address: street, house, flat."]);
    ada.says("/start unknown_word");
    assert.match(ada.texts[0] ?? "", /^Hello/);
  });

  it("speaks the person's language, then the chosen one, which outlives the dialogue", () => {
    const ada = new Rehearsal(example, { language: "uz-Latn" });
    ada.says("/menu");
    assert.deepEqual(ada.texts, ["Nima yordam kerak?"]);
    ada.person = { ...ada.person, language: "de" };
    ada.says("/menu");
    assert.deepEqual(ada.texts, ["Чем помочь?"]);
    ada.says("/request");
    ada.says("/language");
    ada.chooses("English");
    assert.deepEqual(ada.texts, ["What is it about?"]);
    ada.says("/cancel");
    ada.nowMs += 86_400_000;
    ada.says("/menu");
    assert.deepEqual(ada.texts, ["What can I do for you?"]);
    ada.says("/settings");
    ada.chooses("Language");
    ada.chooses("O‘zbekcha");
    assert.deepEqual(ada.texts, ["Saqlandi."]);
  });

  it("shows and begins only what a person's role allows", () => {
    const ada = new Rehearsal(example);
    ada.says("/menu");
    assert.ok(!ada.labels.includes("👥 Users"));
    ada.says("/users");
    assert.deepEqual(ada.texts, ["You have no access to this."]);
    ada.presses("~musers");
    assert.deepEqual(ada.texts, ["You have no access to this."]);
    ada.person = { ...ada.person, role: "admin" };
    ada.says("/menu");
    assert.ok(ada.labels.includes("👥 Users"));
    ada.says("/users Ada");
    assert.equal(ada.calls.length, 1);
  });

  it("leaves to the routes what is not its own", () => {
    const ada = new Rehearsal(example);
    assert.equal(ada.says("hello"), false);
    assert.equal(ada.says("/weather"), false);
    assert.equal(ada.presses("order:7"), false);
    assert.equal(ada.does({ kind: "callback", queryId: "q", data: null, messageId: 1 }, false), false);
    assert.equal(ada.does({ kind: "command", name: "start", argument: "" }, false), false, "in a group");
  });
});

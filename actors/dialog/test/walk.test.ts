/** People who do anything, at random: every dialogue stays within its bounds and ends. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { BotInput } from "@rookery/protocol";
import { bookOf, readExample, Rehearsal } from "./rehearsal.ts";

const seeds = [1, 2, 3, 5, 8, 13, 21, 34];
const stepsEach = 1_500;
const example = readExample();

function openRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const words = [
  "x",
  "/start",
  "/start request_lift",
  "/menu",
  "/cancel",
  "/request",
  "/take",
  "/status 1",
  "/language",
];
const answers = ["Amir Temur 5", "+998901234567", "25.11.2026", "5", "a long enough description", "⬅️ Back"];

function pickInput(person: Rehearsal, random: (below: number) => number): void {
  const pressable = person.buttons.filter(({ data }) => data !== undefined);
  const pick = <T>(list: readonly T[]): T | undefined => list[random(list.length)];
  const others: readonly BotInput[] = [
    { kind: "contact", phone: "+998901234567", firstName: "Ada", isOwn: random(2) === 0 },
    { kind: "location", location: { latitude: 41, longitude: 69 } },
    { kind: "file", fileKind: "photo", fileId: "F", caption: "" },
    { kind: "other" },
  ];
  const dice = random(100);
  if (dice < 50 && pressable.length > 0) person.presses(pick(pressable)?.data ?? null);
  else if (dice < 75) person.says(pick(answers) ?? "");
  else if (dice < 90) person.does(pick(others) ?? { kind: "other" });
  else if (dice < 95) person.presses(`~k${random(2_000).toString(36)}:${random(9)}`);
  else person.says(pick(words) ?? "");
}

function walk(seed: number): { readonly ended: number; readonly memories: string } {
  const random = openRandom(seed);
  const person = new Rehearsal(example, { role: seed % 2 === 0 ? "member" : "admin" });
  let ended = 0;
  const memories: string[] = [];
  person.serve = ({ payload }) => {
    if (random(4) === 0) return { kind: "failed", reason: "chance" };
    const options = Array.from({ length: random(4) }, (_, index) => ({
      value: index,
      label: `No. ${index}`,
    }));
    return {
      kind: "answered",
      actions: [],
      data: { options, number: 1, result: "taken", of: payload?.["step"] },
    };
  };
  for (let step = 0; step < stepsEach; step++) {
    const wasTalking = person.isTalking;
    person.nowMs += random(50) === 0 ? 4_000_000 : random(60_000);
    // What was seen stays before the person's eyes while nothing new comes.
    const { seen } = person;
    pickInput(person, random);
    if (person.seen.length === 0) person.seen = seen;
    if (wasTalking && !person.isTalking) ended++;
    for (const { body, keyboard } of person.seen) {
      assert.ok(/\S/.test(body) && body.length <= 4_096, `seed ${seed}, step ${step}: ${body}`);
      assert.doesNotMatch(body, /\{|undefined/, `seed ${seed}, step ${step}`);
      for (const { data } of (keyboard?.rows ?? []).flatMap(({ buttons }) => buttons)) {
        assert.ok(Buffer.byteLength(data ?? "") <= 64, `seed ${seed}, step ${step}: ${data}`);
      }
    }
    const memory = JSON.stringify(person.memory);
    assert.ok(memory.length < 16_384);
    memories.push(memory);
  }
  return { ended, memories: memories.join("\n") };
}

it("[L9] every dialogue ends, whatever a person does, and the same history gives the same memory", () => {
  for (const seed of seeds) {
    const first = walk(seed);
    assert.ok(first.ended > 50, `seed ${seed}: hardly anything ended`);
    assert.deepEqual(walk(seed), first);
  }
});

it("nobody is kept in a dialogue for ever, also not by going back and forth", () => {
  const person = new Rehearsal(example);
  person.says("/request");
  let turns = 0;
  for (; person.isTalking && turns < 1_000; turns++) {
    if (turns % 2 === 0) person.chooses("Lift");
    else person.chooses("Back");
  }
  assert.equal(turns, 201);
  person.says("/request");
  for (turns = 0; person.isTalking && turns < 1_000; turns++) person.says("what?");
  assert.equal(turns, 11);
});

it("[L7] as many services are asked for one answer as the router asks, and no more", () => {
  const submit = (index: number) => ({ id: `s${index}`, kind: "submit", service: "slow" });
  const book = bookOf({
    languages: ["en"],
    greeting: { en: "a" },
    help: { en: "a" },
    menu: { text: { en: "a" }, dialogs: [] },
    dialogs: {
      long: {
        title: { en: "a" },
        commands: ["long"],
        steps: Array.from({ length: 7 }, (_, at) => submit(at)),
      },
    },
  });
  const person = new Rehearsal(book);
  person.says("/long");
  assert.equal(person.calls.length, 5);
  assert.match(person.texts.at(-1) ?? "", /not available/);
  assert.equal(person.isTalking, false);
});

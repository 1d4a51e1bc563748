/** The way through a dialogue: from step to step until one waits for the person or for a service. */
import type { Branch, Step } from "@rookery/dialog-book";
import type { ServiceAnswer } from "@rookery/protocol";
import { addDays, dayAt, showDay } from "./day.ts";
import { type Asking, fit } from "./fit.ts";
import { buttonsOf, stepKeyboard } from "./keyboard.ts";
import { type Answer, fillEntity, type Shown, type Talk, talkMs } from "./state.ts";
import { dialogOf, endTalk, languageOf, say, setTalk, stepOf, textIn, type Turn, wordIn } from "./turn.ts";

const labelMax = 64;
const valueMax = 256;
const optionsMax = 50;
/** As many as the router makes for one update. */
const callsMax = 5;
const entityMax = 128;
const factsMax = 16;
const factMax = 500;

/** Begins a dialogue in place of any other. `argument` answers its first step, if it can. */
export function beginTalk(turn: Turn, dialog: string, argument: string): void {
  const talk: Talk = {
    dialog,
    step: "",
    serial: "",
    shown: [],
    argument,
    answered: [],
    settled: 0,
    answers: {},
    facts: {},
    replaced: turn.state.talk?.replaced ?? false,
    turns: 0,
    misses: 0,
    calls: 0,
    untilMs: turn.nowMs + talkMs,
  };
  turn.state = { ...turn.state, talk };
  enter(turn, dialogOf(turn)?.steps[0]?.id ?? "end");
}

/** Goes to a step and on from it as far as nobody is waited for. Steps lead down only, so this ends. */
export function enter(turn: Turn, target: string): void {
  const steps = dialogOf(turn)?.steps ?? [];
  const step = steps.find(({ id }) => id === target);
  if (step === undefined) return endTalk(turn, null);
  const { argument, calls } = setTalk(turn, { step: step.id, shown: [], misses: 0 });
  if (step.kind === "say") {
    say(turn, textIn(turn, step.text));
    return leave(turn, step);
  }
  if (step.kind === "submit" || (step.kind === "choice" && step.service !== null)) {
    if (calls >= callsMax) return endTalk(turn, wordIn(turn, "failed"));
    setTalk(turn, { calls: calls + 1 });
    turn.call = { service: step.service ?? "", payload: payloadOf(turn, step) };
    return;
  }
  const options = optionsOf(turn, step);
  if (argument !== "") {
    setTalk(turn, { argument: "" });
    const answer = fitArgument(turn, step, options, argument);
    if (answer !== null) return take(turn, step, answer);
  }
  ask(turn, step, options);
}

/** Goes on after the step that was just answered or done. */
export function leave(turn: Turn, step: Step): void {
  const steps = dialogOf(turn)?.steps ?? [];
  const branch = step.next.find((each) => holds(turn, each));
  const following = steps[steps.findIndex(({ id }) => id === step.id) + 1];
  enter(turn, branch?.to ?? following?.id ?? "end");
}

/** Notes an answer and goes on. */
export function take(turn: Turn, step: Asking, answer: Answer): void {
  const talk = turn.state.talk;
  if (talk === null) return;
  if (step.kind === "language" && typeof answer.value === "string") {
    turn.state = { ...turn.state, language: answer.value };
  }
  const answered = [...talk.answered.filter((id) => id !== step.id), step.id];
  setTalk(turn, { answered, answers: { ...talk.answers, [step.id]: answer } });
  leave(turn, step);
}

/** Back to the question before; its answer and all after it count no more. */
export function goBack(turn: Turn): void {
  const talk = turn.state.talk;
  const last = talk?.answered.at(-1);
  if (talk === null || last === undefined || talk.answered.length <= talk.settled) return;
  const { [last]: _forgotten, ...answers } = talk.answers;
  setTalk(turn, { answered: talk.answered.slice(0, -1), answers });
  enter(turn, last);
}

/** Asks the question again under which the dialogue stands, in the language of now. */
export function askAgain(turn: Turn): void {
  const step = stepOf(turn);
  if (step === null) return endTalk(turn, wordIn(turn, "outdated"));
  setTalk(turn, { calls: 0 });
  enter(turn, step.id);
}

/** A service that was asked at a step has answered. */
export function hear(turn: Turn, answer: ServiceAnswer): void {
  const step = stepOf(turn);
  if (step === null) return endTalk(turn, wordIn(turn, "outdated"));
  if (step.kind !== "submit" && step.kind !== "choice") return endTalk(turn, wordIn(turn, "failed"));
  if (answer.kind === "failed") return turnBack(turn, step);
  turn.actions.push(...answer.actions);
  const talk = setTalk(turn, {
    facts: { ...turn.state.talk?.facts, [step.id]: factsOf(answer.data) },
  });
  if (step.kind === "submit") {
    // What a service has cannot be taken back.
    setTalk(turn, { settled: talk.answered.length });
    if (step.done !== null) say(turn, textIn(turn, step.done));
    return leave(turn, step);
  }
  const options = readOptions(answer.data["options"]);
  if (options.length === 0) {
    const isSaid = answer.actions.some(({ kind }) => kind === "send");
    const nothing = step.empty === null ? wordIn(turn, "nothingFound") : textIn(turn, step.empty);
    return endTalk(turn, isSaid && step.empty === null ? null : nothing);
  }
  const given = talk.argument === "" ? null : fitArgument(turn, step, options, talk.argument);
  setTalk(turn, { argument: "" });
  if (given !== null) take(turn, step, given);
  else ask(turn, step, options);
}

/** Nothing filled in is lost by a service that fails: the last question is asked again. */
function turnBack(turn: Turn, step: Step): void {
  const own = step.kind === "submit" ? step.failed : null;
  const failed = own === null ? wordIn(turn, "failed") : textIn(turn, own);
  const { talk } = turn.state;
  const dialog = dialogOf(turn);
  const last = talk?.answered.at(-1);
  const before = dialog?.steps.find(({ id }) => id === last);
  // A choice of a service's that is asked again would call it again, and again.
  const isOurs = before !== undefined && !(before.kind === "choice" && before.service !== null);
  if (talk === null || !isOurs || talk.answered.length <= talk.settled) return endTalk(turn, failed);
  say(turn, failed);
  goBack(turn);
}

function ask(turn: Turn, step: Asking, options: readonly Shown[]): void {
  const talk = turn.state.talk;
  if (talk === null) return;
  const word = (name: Parameters<typeof wordIn>[1]): string => wordIn(turn, name);
  const serial = turn.event.updateId.toString(36);
  const shown = buttonsOf(step, options, talk, word).map((button) => bind(turn, step, talk, button));
  const keyboard = stepKeyboard(step, shown, serial, word);
  const replaces = keyboard.place === "reply";
  // One message has one keyboard: that of the question before is put away by a message of its own.
  if (talk.replaced && !replaces) say(turn, word("accepted"), { rows: [], place: "removed" });
  setTalk(turn, { serial, shown, replaced: replaces });
  const lines = step.kind === "summary" ? summaryOf(turn) : [];
  const prompt = step.kind === "language" ? word("chooseLanguage") : textIn(turn, step.prompt);
  say(turn, [prompt, ...lines].join("\n"), keyboard);
}

/** What answers is about what the step is about; ways out always work. */
function bind(turn: Turn, step: Asking, talk: Talk, button: Shown): Shown {
  if (step.kind === "language" || button.act === "back" || button.act === "cancel") return button;
  const entity = step.entity === null ? "" : fillEntity(step.entity, talk, turn.event.person.firstName);
  return {
    ...(entity === "" ? {} : { entity: entity.slice(0, entityMax) }),
    ...(step.lifeMs === null ? {} : { lifeMs: step.lifeMs }),
    ...button,
  };
}

function summaryOf(turn: Turn): string[] {
  const { talk } = turn.state;
  const steps = dialogOf(turn)?.steps ?? [];
  return steps.flatMap((step) => {
    if (!("label" in step) || step.label === null || talk?.answered.includes(step.id) !== true) return [];
    return [`${step.label[languageOf(turn)] ?? step.id}: ${talk.answers[step.id]?.shown ?? "—"}`];
  });
}

function optionsOf(turn: Turn, step: Asking): Shown[] {
  const language = languageOf(turn);
  const option = (value: string, label: string): Shown => ({ act: "option", value, label });
  switch (step.kind) {
    case "choice":
      return step.options.map(({ value, label }) => option(value, label[language] ?? value));
    case "language":
      return turn.book.languages.map((each) => {
        const inside = { ...turn, state: { ...turn.state, language: each } };
        return option(each, wordIn(inside, "languageName"));
      });
    case "date": {
      const today = dayAt(turn.book.timeZone, turn.nowMs);
      const days = [
        { ahead: 0, day: today, label: wordIn(turn, "today") },
        { ahead: 1, day: addDays(today, 1), label: wordIn(turn, "tomorrow") },
      ];
      const isAllowed = (ahead: number): boolean =>
        (step.from === null || ahead >= step.from) && (step.to === null || ahead <= step.to);
      return days.filter(({ ahead }) => isAllowed(ahead)).map(({ day, label }) => option(day, label));
    }
    case "text":
    case "number":
    case "phone":
    case "photo":
    case "location":
    case "summary":
      return [];
  }
}

/** An option that was pressed, as the answer it is. */
export function answerOf(step: Asking, { value, label }: Shown): Answer {
  return { value, shown: step.kind === "date" ? showDay(value) : label };
}

function fitArgument(turn: Turn, step: Asking, shown: readonly Shown[], argument: string): Answer | null {
  const { timeZone } = turn.book;
  return fit(step, { kind: "text", text: argument }, { shown, timeZone, nowMs: turn.nowMs });
}

function holds(turn: Turn, branch: Branch): boolean {
  if (branch.if === null) return true;
  const [id = "", key] = branch.if.split(".");
  const talk = turn.state.talk;
  if (key !== undefined) return branch.is.includes(talk?.facts[id]?.[key] ?? "");
  const value = talk?.answered.includes(id) === true ? talk.answers[id]?.value : undefined;
  return (typeof value === "string" || typeof value === "number") && branch.is.includes(String(value));
}

/** What a service is given: the answers that count. */
function payloadOf(turn: Turn, step: Step): Readonly<Record<string, unknown>> {
  const { talk } = turn.state;
  const summaries = new Set(
    dialogOf(turn)?.steps.flatMap(({ id, kind }) => (kind === "summary" ? [id] : [])),
  );
  const given = (talk?.answered ?? []).filter((id) => !summaries.has(id));
  return {
    dialog: talk?.dialog,
    step: step.id,
    language: languageOf(turn),
    answers: Object.fromEntries(given.map((id) => [id, talk?.answers[id]?.value ?? null])),
  };
}

/** `data.options` of a service: `[{value, label}]`; what does not fit a button is shortened, what is none left out. */
function readOptions(value: unknown): Shown[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, optionsMax).flatMap((each: unknown): Shown[] => {
    const { value: name, label, entity, lifeMs } = (each ?? {}) as Readonly<Record<string, unknown>>;
    const isName = typeof name === "string" || typeof name === "number";
    if (!isName || typeof label !== "string" || !/\S/.test(label)) return [];
    const text = String(name);
    if (text.length > valueMax) return [];
    const isEntity = typeof entity === "string" && /\S/.test(entity);
    const isLife = typeof lifeMs === "number" && Number.isFinite(lifeMs);
    return [
      {
        act: "option",
        value: text,
        label: Array.from(label).slice(0, labelMax).join(""),
        ...(isEntity ? { entity: entity.slice(0, entityMax) } : {}),
        ...(isLife ? { lifeMs: Math.min(Math.max(Math.round(lifeMs), 1_000), talkMs) } : {}),
      },
    ];
  });
}

function factsOf(data: Readonly<Record<string, unknown>>): Record<string, string> {
  const facts = Object.entries(data).filter(
    ([, value]) => typeof value === "string" || typeof value === "number",
  );
  return Object.fromEntries(
    facts.slice(0, factsMax).map(([key, value]) => [key, String(value).slice(0, factMax)]),
  );
}

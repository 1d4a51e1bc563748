import { type DialogBook, ownCommands } from "@rookery/dialog-book";
import type { BotDecider, BotInput } from "@rookery/protocol";
import { type Asking, fit, missWords } from "./fit.ts";
import { languageKeyboard, mayBegin, type Press, parsePress } from "./keyboard.ts";
import { readState, type Shown, talkMs } from "./state.ts";
import {
  beginTurn,
  endTalk,
  endTurn,
  menuIn,
  say,
  setTalk,
  stepOf,
  textIn,
  type Turn,
  wordIn,
} from "./turn.ts";
import { answerOf, askAgain, beginTalk, goBack, hear, take } from "./walk.ts";

/** Of one dialogue: nobody is kept in it for ever, whatever they do. */
const turnsMax = 200;
/** In a row, of one step. */
const missesMax = 10;

/** Answers by a book of dialogues, in private chats. What is not the book's (null) is the routes'. */
export function openDialogDecider(book: DialogBook): BotDecider {
  return {
    decide(event, memory, nowMs) {
      if (!event.isPrivate || event.chatId === null) return null;
      const turn = beginTurn(book, event, readState(memory, nowMs), nowMs);
      const { input } = event;
      const isOurs =
        input.kind === "command"
          ? decideCommand(turn, input.name, input.argument.trim())
          : input.kind === "callback"
            ? decidePress(turn, input.data)
            : decideAnswer(turn, input);
      return isOurs ? endTurn(turn) : null;
    },
    resume(event, memory, answer, nowMs) {
      const turn = beginTurn(book, event, readState(memory, nowMs), nowMs);
      hear(turn, answer);
      return endTurn(turn);
    },
  };
}

function decideCommand(turn: Turn, name: string, argument: string): boolean {
  const { book } = turn;
  if (name === "start") {
    const found = findPayload(turn, argument);
    if (found !== null) return begin(turn, found.name, found.argument);
  }
  if (ownCommands.includes(name)) {
    answerOwnCommand(turn, name);
    return true;
  }
  const found = Object.entries(book.dialogs).find(([, { commands }]) => commands.includes(name));
  return found === undefined ? false : begin(turn, found[0], argument);
}

function answerOwnCommand(turn: Turn, name: string): void {
  const { book } = turn;
  switch (name) {
    case "help":
      return say(turn, textIn(turn, book.help));
    case "language":
      return say(turn, wordIn(turn, "chooseLanguage"), languageKeyboard(book));
    case "cancel":
      if (turn.state.talk === null) return say(turn, wordIn(turn, "nothingToCancel"), menuIn(turn));
      return endTalk(turn, wordIn(turn, "cancelled"));
    default: {
      // The keyboard of a question that is given up goes with it.
      if (turn.state.talk?.replaced === true) endTalk(turn, wordIn(turn, "cancelled"));
      turn.state = { ...turn.state, talk: null };
      if (name === "start") say(turn, textIn(turn, book.greeting));
      say(turn, textIn(turn, book.menu.text), menuIn(turn));
    }
  }
}

/** `/start name` or `/start name_argument`, as a link into the bot gives it. */
function findPayload(
  { book }: Turn,
  payload: string,
): { readonly name: string; readonly argument: string } | null {
  const [word = "", ...rest] = payload.split("_");
  const found = Object.entries(book.dialogs).find(([, dialog]) => word !== "" && dialog.payload === word);
  return found === undefined ? null : { name: found[0], argument: rest.join("_") };
}

function begin(turn: Turn, name: string, argument: string): true {
  const dialog = turn.book.dialogs[name];
  if (dialog !== undefined && mayBegin(dialog, turn.event.person.role)) beginTalk(turn, name, argument);
  else say(turn, wordIn(turn, "forbidden"), menuIn(turn));
  return true;
}

/** A press on a keyboard of ours, also on one that counts no more. */
function decidePress(turn: Turn, data: string | null): boolean {
  // Whose it was is not known any more; the book knows the person's language.
  if (data === null) {
    turn.actions.push({ kind: "answer", text: wordIn(turn, "outdated") });
    return true;
  }
  const press = parsePress(data);
  if (press === null) return false;
  const { talk } = turn.state;
  if (press.kind === "dialog" && Object.hasOwn(turn.book.dialogs, press.name)) {
    return begin(turn, press.name, "");
  }
  if (press.kind === "language" && turn.book.languages.includes(press.language)) {
    turn.state = { ...turn.state, language: press.language };
    if (talk === null) say(turn, wordIn(turn, "languageChosen"), menuIn(turn));
    else askAgain(turn);
    return true;
  }
  const shown = talk === null ? null : pressed(turn, press);
  if (shown === null) turn.actions.push({ kind: "answer", text: wordIn(turn, "outdated") });
  else act(turn, shown);
  return true;
}

function pressed(turn: Turn, press: Press): Shown | null {
  const { talk } = turn.state;
  if (press.kind !== "shown" || talk === null || press.serial !== talk.serial) return null;
  return talk.shown[press.index] ?? null;
}

/** What a person writes or sends answers the question, if there is one. */
function decideAnswer(turn: Turn, input: BotInput): boolean {
  const { talk } = turn.state;
  if (talk === null) return false;
  const text = input.kind === "text" ? input.text.trim() : null;
  const shown = talk.shown.find(({ act, label }) => act !== "option" && label === text);
  if (shown !== undefined) {
    act(turn, shown);
    return true;
  }
  const step = askingStep(turn);
  if (step === null || !goOn(turn)) return true;
  const { timeZone } = turn.book;
  const answer = fit(step, input, { shown: talk.shown, timeZone, nowMs: turn.nowMs });
  if (answer !== null) take(turn, step, answer);
  else miss(turn, step);
  return true;
}

function act(turn: Turn, shown: Shown): void {
  const step = askingStep(turn);
  if (step === null || !goOn(turn)) return;
  switch (shown.act) {
    case "option":
      return take(turn, step, answerOf(step, shown));
    case "back":
      return goBack(turn);
    case "cancel":
      return endTalk(turn, wordIn(turn, "cancelled"));
    case "skip":
      return take(turn, step, { value: null, shown: "—" });
    case "confirm":
      return take(turn, step, { value: "yes", shown: shown.label });
  }
}

/** The question the dialogue stands at; null: the book has another by now, and the dialogue has ended. */
function askingStep(turn: Turn): Asking | null {
  const step = stepOf(turn);
  if (step !== null && step.kind !== "say" && step.kind !== "submit") return step;
  endTalk(turn, wordIn(turn, "outdated"));
  return null;
}

/** Counts a turn; false: there were too many, and the dialogue has ended. */
function goOn(turn: Turn): boolean {
  const turns = (turn.state.talk?.turns ?? 0) + 1;
  if (turns > turnsMax) {
    endTalk(turn, wordIn(turn, "tooLong"));
    return false;
  }
  setTalk(turn, { turns, calls: 0, untilMs: turn.nowMs + talkMs });
  return true;
}

function miss(turn: Turn, step: Asking): void {
  const misses = (turn.state.talk?.misses ?? 0) + 1;
  if (misses > missesMax) return endTalk(turn, wordIn(turn, "tooLong"));
  setTalk(turn, { misses });
  const own = "invalid" in step ? step.invalid : null;
  if (own !== null) return say(turn, textIn(turn, own));
  const word = wordIn(turn, missWords[step.kind]);
  const range = step.kind === "text" ? { min: step.min, max: step.max } : {};
  const filled = Object.entries(range).reduce(
    (text, [key, value]) => text.replace(`{${key}}`, String(value)),
    word,
  );
  return say(turn, filled);
}

import {
  type Dialog,
  type DialogBook,
  type Step,
  type Texts,
  wordOf,
  type WordName,
} from "@rookery/dialog-book";
import type { BotAction, BotEvent, BotKeyboard, BotVerdict, Keyboard, ServiceCall } from "@rookery/protocol";
import { menuKeyboard } from "./keyboard.ts";
import { encodeState, fill, type State, type Talk } from "./state.ts";

/** One answer to one update while it is being made up: what was said so far, and what is remembered after it. */
export interface Turn {
  readonly book: DialogBook;
  readonly event: BotEvent;
  readonly nowMs: number;
  readonly actions: BotAction[];
  state: State;
  call: ServiceCall | null;
}

export function beginTurn(book: DialogBook, event: BotEvent, state: State, nowMs: number): Turn {
  return { book, event, nowMs, actions: [], state, call: null };
}

export function endTurn({ actions, state, nowMs, call }: Turn): BotVerdict {
  return { actions, memory: encodeState(state, nowMs), ...(call === null ? {} : { call }) };
}

/** What the person chose, else what Telegram tells, else the book's first. */
export function languageOf({ book, event, state }: Turn): string {
  const told = event.person.language?.slice(0, 2).toLowerCase();
  const spoken = [state.language, told].find((each) => each != null && book.languages.includes(each));
  return spoken ?? book.languages[0] ?? "en";
}

export function wordIn(turn: Turn, name: WordName): string {
  return wordOf(turn.book, name, languageOf(turn));
}

export function textIn(turn: Turn, texts: Texts): string {
  return fill(texts, languageOf(turn), turn.state.talk, turn.event.person.firstName);
}

export function say(turn: Turn, body: string, keyboard: BotKeyboard | null = null): void {
  turn.actions.push({ kind: "send", message: { body, ...(keyboard === null ? {} : { keyboard }) } });
}

/** The menu of this person; null: they may begin nothing. */
export function menuIn(turn: Turn): Keyboard | null {
  return menuKeyboard(turn.book, languageOf(turn), turn.event.person.role);
}

/** Says a last thing, with the menu under it; a keyboard of ours that is in place of the person's own goes. */
export function endTalk(turn: Turn, body: string | null): void {
  const { talk } = turn.state;
  if (talk === null) return;
  if (talk.replaced) say(turn, body ?? wordIn(turn, "accepted"), { rows: [], place: "removed" });
  else if (body !== null) say(turn, body);
  turn.state = { ...turn.state, talk: null };
  const last = turn.actions.at(-1);
  const menu = menuIn(turn);
  if (menu === null || last?.kind !== "send" || last.message.keyboard !== undefined) return;
  turn.actions[turn.actions.length - 1] = { ...last, message: { ...last.message, keyboard: menu } };
}

export function setTalk(turn: Turn, change: Partial<Talk>): Talk {
  const { talk } = turn.state;
  if (talk === null) throw new Error("a dialogue that has ended goes on");
  const changed = { ...talk, ...change };
  turn.state = { ...turn.state, talk: changed };
  return changed;
}

export function dialogOf({ book, state }: Turn): Dialog | null {
  const name = state.talk?.dialog;
  return name !== undefined && Object.hasOwn(book.dialogs, name) ? (book.dialogs[name] ?? null) : null;
}

/** The step a dialogue stands at; null: the book has changed meanwhile. */
export function stepOf(turn: Turn): Step | null {
  return dialogOf(turn)?.steps.find(({ id }) => id === turn.state.talk?.step) ?? null;
}

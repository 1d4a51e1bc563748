import { type Dialog, type DialogBook, wordOf, type WordName } from "@rookery/dialog-book";
import type { BotKeyboard, Keyboard } from "@rookery/protocol";
import type { Asking } from "./fit.ts";
import type { Shown, Talk } from "./state.ts";

/** What a press on a keyboard of ours means. No payload of a service's begins so. */
export type Press =
  | { readonly kind: "shown"; readonly serial: string; readonly index: number }
  | { readonly kind: "dialog"; readonly name: string }
  | { readonly kind: "language"; readonly language: string };

/** Null: not ours. */
export function parsePress(data: string): Press | null {
  const [, mark, rest = ""] = /^~([kml])(.*)$/s.exec(data) ?? [];
  if (mark === "m") return { kind: "dialog", name: rest };
  if (mark === "l") return { kind: "language", language: rest };
  const [, serial = "", index = ""] = /^([0-9a-z]{1,12}):(\d{1,2})$/.exec(rest) ?? [];
  return mark === "k" && serial !== "" ? { kind: "shown", serial, index: Number(index) } : null;
}

export function mayBegin(dialog: Dialog, role: string): boolean {
  return dialog.roles.length === 0 || role === "admin" || dialog.roles.includes(role);
}

export function menuKeyboard(book: DialogBook, language: string, role: string): Keyboard | null {
  const buttons = book.menu.dialogs.flatMap((name) => {
    const dialog = book.dialogs[name];
    if (dialog === undefined || !mayBegin(dialog, role)) return [];
    return [{ text: dialog.title[language] ?? name, data: `~m${name}` }];
  });
  return buttons.length === 0 ? null : { rows: inRows(buttons, book.menu.columns) };
}

export function languageKeyboard(book: DialogBook): Keyboard {
  const buttons = book.languages.map((language) => ({
    text: wordOf(book, "languageName", language),
    data: `~l${language}`,
  }));
  return { rows: inRows(buttons, 1) };
}

/** The buttons of a step: its options, and what can be done beside answering. */
export function buttonsOf(
  step: Asking,
  options: readonly Shown[],
  talk: Pick<Talk, "answered" | "settled">,
  word: (name: WordName) => string,
): Shown[] {
  const button = (act: Shown["act"]): Shown => ({ act, value: "", label: word(act as WordName) });
  return [
    ...options,
    ...(step.kind === "summary" ? [button("confirm")] : []),
    ...(step.kind !== "language" && step.optional ? [button("skip")] : []),
    ...(talk.answered.length > talk.settled ? [button("back")] : []),
    button("cancel"),
  ];
}

/** Under the question; where the person's phone or place is asked, in place of their keyboard, since only there it can be. */
export function stepKeyboard(
  step: Asking,
  shown: readonly Shown[],
  serial: string,
  word: (name: WordName) => string,
): BotKeyboard {
  if (step.kind === "phone" || step.kind === "location") {
    const request = step.kind === "phone" ? ("contact" as const) : ("location" as const);
    const text = word(step.kind === "phone" ? "sharePhone" : "shareLocation");
    const others = shown.map(({ label }) => ({ text: label }));
    return { rows: [{ buttons: [{ text, request }] }, ...inRows(others, 3)], place: "reply" };
  }
  const buttons = shown.map(({ act, label, entity, lifeMs }, index) => ({
    act,
    button: {
      text: label,
      data: `~k${serial}:${index}`,
      ...(entity === undefined ? {} : { entity }),
      ...(lifeMs === undefined ? {} : { lifeMs }),
    },
  }));
  const rowsOf = (which: (act: Shown["act"]) => boolean, columns: number) =>
    inRows(
      buttons.filter(({ act }) => which(act)).map(({ button }) => button),
      columns,
    );
  const columns = step.kind === "choice" ? step.columns : step.kind === "date" ? 2 : 1;
  return { rows: [...rowsOf((act) => act === "option", columns), ...rowsOf((act) => act !== "option", 3)] };
}

function inRows<T>(buttons: readonly T[], columns: number): { readonly buttons: T[] }[] {
  const rows: { readonly buttons: T[] }[] = [];
  for (let at = 0; at < buttons.length; at += columns)
    rows.push({ buttons: buttons.slice(at, at + columns) });
  return rows;
}

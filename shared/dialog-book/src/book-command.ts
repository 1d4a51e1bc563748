import type { DialogBook, Texts } from "./book.ts";
import { wordOf, type WordName } from "./words.ts";

const own: readonly (readonly [string, WordName])[] = [
  ["menu", "aboutMenu"],
  ["help", "aboutHelp"],
  ["language", "aboutLanguage"],
  ["cancel", "aboutCancel"],
];

/** The commands everybody may give, as Telegram's menu shows them: those of the dialogues first. */
export function bookCommands(
  book: DialogBook,
): readonly { readonly command: string; readonly texts: Texts }[] {
  const begun = Object.values(book.dialogs).flatMap(({ commands: [command], title, roles }) =>
    command === undefined || roles.length > 0 ? [] : [{ command, texts: title }],
  );
  const textsOf = (word: WordName): Texts =>
    Object.fromEntries(book.languages.map((language) => [language, wordOf(book, word, language)]));
  return [...begun, ...own.map(([command, word]) => ({ command, texts: textsOf(word) }))];
}

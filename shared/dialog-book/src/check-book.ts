import {
  bookLimits,
  type Dialog,
  type DialogBook,
  type Menu,
  ownCommands,
  roleNames,
  type Step,
} from "./book.ts";
import { checkReferences } from "./check-reference.ts";
import { namePattern, readColumns, readStep, readTexts } from "./check-step.ts";
import {
  inside,
  type Issue,
  note,
  type Place,
  readChoice,
  readList,
  readObject,
  readOr,
  readText,
} from "./reader.ts";
import { builtInLanguages, wordNames } from "./words.ts";

export type BookCheck =
  | { readonly kind: "valid"; readonly book: DialogBook }
  | { readonly kind: "invalid"; readonly issues: readonly Issue[] };

/**
 * Reads a book of dialogues as its author wrote it. A valid one cannot stray: every step leads further down or to the end, every
 * text exists in every language, and what it refers to is there. The first 20 faults are told, each with its path.
 */
export function checkBook(value: unknown): BookCheck {
  const issues: Issue[] = [];
  const book = readBook({ value, path: "", issues });
  if (issues.length === 0 && book !== null) checkReferences(book, issues);
  if (issues.length === 0 && book !== null) return { kind: "valid", book };
  return { kind: "invalid", issues: issues.slice(0, bookLimits.issuesMax) };
}

function readBook(place: Place): DialogBook | null {
  const known = ["languages", "timeZone", "greeting", "help", "menu", "words", "dialogs"];
  if (readObject(place, known) === null) return null;
  const at = (key: string): Place => inside(place, key);
  const languages = readList(at("languages"), { min: 1, max: bookLimits.languagesMax }, (each) =>
    readText(each, 2, /^[a-z]{2}$/),
  );
  if (new Set(languages).size < languages.length) note(at("languages"), "a language is there twice");
  return {
    languages,
    timeZone: readOr(at("timeZone"), "UTC", readTimeZone),
    greeting: readTexts(at("greeting"), languages),
    help: readTexts(at("help"), languages),
    menu: readMenu(at("menu"), languages),
    words: readWords(at("words"), languages),
    dialogs: readDialogs(at("dialogs"), languages),
  };
}

function readTimeZone(place: Place): string {
  const name = readText(place, 64);
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
  } catch {
    note(place, "must be a time zone such as Asia/Tashkent");
  }
  return name;
}

function readMenu(place: Place, languages: readonly string[]): Menu {
  if (readObject(place, ["text", "dialogs", "columns"]) === null)
    return { text: {}, dialogs: [], columns: 1 };
  const many = { min: 0, max: bookLimits.dialogsMax };
  return {
    text: readTexts(inside(place, "text"), languages),
    dialogs: readList(inside(place, "dialogs"), many, (each) => readText(each, 32, namePattern)),
    columns: readOr(inside(place, "columns"), 2, readColumns),
  };
}

/** A language that is not built in needs every word. */
function readWords(place: Place, languages: readonly string[]): DialogBook["words"] {
  const foreign = languages.filter((language) => !builtInLanguages.includes(language));
  const given = { ...place, value: place.value ?? {} };
  if (readObject(given, wordNames) === null) return {};
  const words: Record<string, Record<string, string>> = {};
  for (const name of wordNames) {
    const texts = inside(given, name);
    const isGiven = texts.value !== undefined;
    if (isGiven && readObject(texts, languages) === null) continue;
    const found: Record<string, string> = {};
    for (const language of languages) {
      const text = isGiven ? inside(texts, language) : { ...texts, path: `${texts.path}.${language}` };
      if (foreign.includes(language) || text.value !== undefined) found[language] = readText(text, 500);
    }
    words[name] = found;
  }
  return words;
}

function readDialogs(place: Place, languages: readonly string[]): DialogBook["dialogs"] {
  const fields = readObject(place);
  if (fields === null) return {};
  const names = Object.keys(fields);
  if (names.length === 0 || names.length > bookLimits.dialogsMax) {
    note(place, `must have 1 to ${bookLimits.dialogsMax} dialogues`);
    return {};
  }
  const dialogs: Record<string, Dialog> = {};
  for (const name of names) {
    const found = inside(place, name);
    if (namePattern.test(name)) dialogs[name] = readDialog(found, languages);
    else note(found, `is no name: must match ${namePattern.source}`);
  }
  return dialogs;
}

function readDialog(place: Place, languages: readonly string[]): Dialog {
  const known = ["title", "commands", "payload", "roles", "steps"];
  if (readObject(place, known) === null) {
    return { title: {}, commands: [], payload: null, roles: [], steps: [] };
  }
  const at = (key: string): Place => inside(place, key);
  const few = { min: 0, max: bookLimits.commandsMax };
  const steps = readList(at("steps"), { min: 1, max: bookLimits.stepsMax }, (each) =>
    readStep(each, languages),
  );
  return {
    title: readTexts(at("title"), languages, bookLimits.labelMax),
    commands: readOr<string[]>(at("commands"), [], (found) => readList(found, few, readCommand)),
    payload: readOr<string | null>(at("payload"), null, (found) => readText(found, 32, /^[A-Za-z0-9]+$/)),
    roles: readOr<string[]>(at("roles"), [], (found) =>
      readList(found, { min: 1, max: roleNames.length }, (each) => readChoice(each, roleNames) ?? ""),
    ),
    steps: steps.filter((step): step is Step => step !== null),
  };
}

function readCommand(place: Place): string {
  const command = readText(place, 32, namePattern);
  if (ownCommands.includes(command)) note(place, "is answered by the book itself");
  return command;
}

import { bookLimits, type Branch, type Option, type Step, type Texts } from "./book.ts";
import {
  type Fields,
  inside,
  note,
  type Place,
  readChoice,
  readFlag,
  readList,
  readNumber,
  readObject,
  readOr,
  readText,
} from "./reader.ts";

export const namePattern = /^[a-z][a-z0-9_]{0,31}$/;
/** As a bot's services are named. */
const servicePattern = /^[a-z][a-z0-9-]{0,63}$/;
const referencePattern = /^[a-z][a-z0-9_]{0,31}(\.[A-Za-z][A-Za-z0-9_]{0,31})?$/;

/** A text in every language, and in no other. */
export function readTexts(
  place: Place,
  languages: readonly string[],
  charsMax: number = bookLimits.textMax,
): Texts {
  if (readObject(place, languages) === null) return {};
  return Object.fromEntries(
    languages.map((language) => [language, readText(inside(place, language), charsMax)]),
  );
}

const asking = ["id", "kind", "next", "prompt", "label", "optional", "invalid", "entity", "lifeMs"];
const fieldsOf: Readonly<Record<Step["kind"], readonly string[]>> = {
  text: [...asking, "min", "max"],
  number: [...asking, "min", "max", "whole"],
  phone: asking,
  date: [...asking, "from", "to"],
  choice: [...asking, "options", "service", "empty", "columns"],
  photo: asking,
  location: asking,
  summary: ["id", "kind", "next", "prompt", "entity", "lifeMs"],
  say: ["id", "kind", "next", "text"],
  language: ["id", "kind", "next"],
  submit: ["id", "kind", "next", "service", "done", "failed"],
};
const kinds = Object.keys(fieldsOf) as Step["kind"][];

export function readStep(place: Place, languages: readonly string[]): Step | null {
  if (readObject(place) === null) return null;
  const kind = readChoice(inside(place, "kind"), kinds);
  if (kind === null) return null;
  readObject(place, fieldsOf[kind]);
  const at = (key: string): Place => inside(place, key);
  const textsOrNull = (key: string): Texts | null =>
    readOr<Texts | null>(at(key), null, (found) => readTexts(found, languages));
  const id = readText(at("id"), 32, namePattern);
  const next = readOr(at("next"), [], readBranches);
  if (kind === "say") return { id, next, kind, text: readTexts(at("text"), languages) };
  if (kind === "language") return { id, next, kind };
  if (kind === "submit") {
    const service = readText(at("service"), 64, servicePattern);
    return { id, next, kind, service, done: textsOrNull("done"), failed: textsOrNull("failed") };
  }
  const base = {
    id,
    next,
    prompt: readTexts(at("prompt"), languages),
    label: readOr<Texts | null>(at("label"), null, (found) =>
      readTexts(found, languages, bookLimits.labelMax),
    ),
    optional: readOr(at("optional"), false, readFlag),
    invalid: textsOrNull("invalid"),
    entity: readOr<string | null>(at("entity"), null, (found) => readText(found, bookLimits.entityMax)),
    lifeMs: readOr<number | null>(at("lifeMs"), null, (found) =>
      readNumber(found, { min: 1_000, max: bookLimits.lifeMsMax, whole: true }),
    ),
  };
  switch (kind) {
    case "text": {
      const chars = { min: 1, max: bookLimits.answerMax, whole: true };
      const min = readOr(at("min"), 1, (found) => readNumber(found, chars));
      const max = readOr(at("max"), 500, (found) => readNumber(found, { ...chars, min }));
      return { ...base, kind, min, max };
    }
    case "number": {
      const any = { min: -1e12, max: 1e12, whole: false };
      const min = readOr<number | null>(at("min"), null, (found) => readNumber(found, any));
      const most = { ...any, min: min ?? any.min };
      const max = readOr<number | null>(at("max"), null, (found) => readNumber(found, most));
      return { ...base, kind, min, max, whole: readOr(at("whole"), true, readFlag) };
    }
    case "date": {
      const days = { min: -bookLimits.daysMax, max: bookLimits.daysMax, whole: true };
      const from = readOr<number | null>(at("from"), null, (found) => readNumber(found, days));
      const later = { ...days, min: from ?? days.min };
      const to = readOr<number | null>(at("to"), null, (found) => readNumber(found, later));
      return { ...base, kind, from, to };
    }
    case "choice": {
      const service = readOr<string | null>(at("service"), null, (found) =>
        readText(found, 64, servicePattern),
      );
      const given = at("options");
      if (service !== null && given.value !== undefined)
        note(given, "stands beside service: give one of them");
      const options = service === null ? readOptions(given, languages) : [];
      const columns = readOr(at("columns"), 1, readColumns);
      return { ...base, kind, options, service, empty: textsOrNull("empty"), columns };
    }
    case "phone":
    case "photo":
    case "location":
    case "summary":
      return { ...base, kind };
  }
}

export function readColumns(place: Place): number {
  return readNumber(place, { min: 1, max: bookLimits.columnsMax, whole: true });
}

function readOptions(place: Place, languages: readonly string[]): Option[] {
  const seen = new Set<string>();
  return readList(place, { min: 1, max: bookLimits.optionsMax }, (each) => {
    if (readObject(each, ["value", "label"]) === null) return { value: "", label: {} };
    const value = readText(inside(each, "value"), bookLimits.valueMax);
    if (seen.has(value)) note(inside(each, "value"), "is there twice");
    seen.add(value);
    return { value, label: readTexts(inside(each, "label"), languages, bookLimits.labelMax) };
  });
}

/** `"step"`, or a list of `{if, is, to}`. */
function readBranches(place: Place): readonly Branch[] {
  if (typeof place.value === "string") {
    return [{ if: null, is: [], to: readText(place, 32, namePattern) }];
  }
  return readList(place, { min: 1, max: bookLimits.branchesMax }, (each) => {
    const fields: Fields | null = readObject(each, ["if", "is", "to"]);
    if (fields === null) return { if: null, is: [], to: "end" };
    const reference = readOr<string | null>(inside(each, "if"), null, (found) =>
      readText(found, 65, referencePattern),
    );
    const values = { min: 1, max: bookLimits.optionsMax };
    const readValue = (value: Place): string => readText(value, bookLimits.valueMax);
    const is = reference === null ? [] : readList(inside(each, "is"), values, readValue);
    return { if: reference, is, to: readText(inside(each, "to"), 32, namePattern) };
  });
}

/** Reads strangers' JSON and notes every place that is wrong, so that an author sees all of them at once. */

export interface Issue {
  /** `dialogs.request.steps.2.prompt.uz` */
  readonly path: string;
  readonly message: string;
}

/** One value and where it stands. */
export interface Place {
  readonly value: unknown;
  readonly path: string;
  readonly issues: Issue[];
}

export type Fields = Readonly<Record<string, unknown>>;

export function note(place: Place, message: string): void {
  place.issues.push({ path: place.path, message });
}

export function inside(place: Place, key: string | number): Place {
  const fields = place.value as Readonly<Record<string | number, unknown>>;
  const path = place.path === "" ? String(key) : `${place.path}.${key}`;
  return { value: Object.hasOwn(fields, key) ? fields[key] : undefined, path, issues: place.issues };
}

/** An object with no other than these fields; null when it is none. */
export function readObject(place: Place, known?: readonly string[]): Fields | null {
  const { value } = place;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    note(place, value === undefined ? "is missing" : "must be an object");
    return null;
  }
  if (known !== undefined) {
    for (const key of Object.keys(value)) if (!known.includes(key)) note(inside(place, key), "is not known");
  }
  return value as Fields;
}

/** Each of a list; none where it is no list. */
export function readList<T>(
  place: Place,
  range: { readonly min: number; readonly max: number },
  read: (each: Place) => T,
): T[] {
  const { value } = place;
  if (!Array.isArray(value)) {
    note(place, value === undefined ? "is missing" : "must be a list");
    return [];
  }
  if (value.length < range.min || value.length > range.max) {
    note(place, `must have ${range.min} to ${range.max} entries`);
    return [];
  }
  return value.map((_, index) => read(inside(place, index)));
}

export function readText(place: Place, charsMax: number, pattern?: RegExp): string {
  const { value } = place;
  if (typeof value !== "string") {
    note(place, value === undefined ? "is missing" : "must be text");
    return "";
  }
  if (!/\S/.test(value)) note(place, "must not be empty");
  else if (!value.isWellFormed() || value.includes("\0"))
    note(place, "must be well-formed text without U+0000");
  else if (value.length > charsMax) note(place, `must be at most ${charsMax} characters`);
  else if (pattern !== undefined && !pattern.test(value)) note(place, `must match ${pattern.source}`);
  return value;
}

export function readChoice<const T extends string>(place: Place, values: readonly T[]): T | null {
  const found = values.find((each) => each === place.value);
  if (found === undefined) note(place, `must be one of ${values.join(", ")}`);
  return found ?? null;
}

/** What stands in place of a value that is missing. */
export function readOr<T>(place: Place, fallback: T, read: (place: Place) => T): T {
  return place.value === undefined ? fallback : read(place);
}

export function readFlag(place: Place): boolean {
  if (typeof place.value !== "boolean") note(place, "must be true or false");
  return place.value === true;
}

export function readNumber(
  place: Place,
  range: { readonly min: number; readonly max: number; readonly whole: boolean },
): number {
  const { value } = place;
  const fits =
    typeof value === "number" &&
    value >= range.min &&
    value <= range.max &&
    (!range.whole || Number.isInteger(value));
  if (!fits) note(place, `must be a ${range.whole ? "whole " : ""}number from ${range.min} to ${range.max}`);
  return fits ? value : range.min;
}

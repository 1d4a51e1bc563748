/** What a call says, wherever it says it: texts by name. The first of a name counts, as at Telegram; nothing is refused here. */

/** A file that came with the call, kept aside until the call is over. */
export interface Upload {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of its bytes. */
  readonly digest: Buffer;
  /** Its first bytes, by which its type is told. */
  readonly head: Buffer;
  readonly name: string | undefined;
  /** What the sender says it is. */
  readonly mime: string;
}

/** Of one call. */
const argumentsMax = 1_000;

export class Arguments {
  readonly #texts = new Map<string, string>();
  readonly #uploads = new Map<string, Upload>();

  add(name: string, text: string): void {
    if (!this.#texts.has(name) && this.#texts.size < argumentsMax) this.#texts.set(name, clean(text));
  }

  addUpload(name: string, upload: Upload): void {
    if (!this.#uploads.has(name)) this.#uploads.set(name, upload);
  }

  text(name: string): string | undefined {
    return this.#texts.get(name);
  }

  upload(name: string): Upload | undefined {
    return this.#uploads.get(name);
  }

  get uploads(): readonly Upload[] {
    return [...this.#uploads.values()];
  }
}

/** `a=1&b=2`, plus signs and escapes undone; what is no escape stays as it is. */
export function addForm(args: Arguments, form: string): void {
  for (const [name, value] of new URLSearchParams(form)) args.add(name, value);
}

/** An object's members; what is no text counts as its JSON, null as not said. What is no object says nothing. */
export function addJson(args: Arguments, body: string): void {
  const value = parseJson(body);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  for (const [name, each] of Object.entries(value)) {
    if (each === null) continue;
    args.add(name, typeof each === "string" ? each : JSON.stringify(each));
  }
}

/** Postgres keeps no U+0000 and no half of a pair; the first is a space at Telegram too (TDLib, clean_input_string). */
function clean(text: string): string {
  return text.toWellFormed().replaceAll("\0", " ");
}

/** Escapes that stand for what `clean` takes out. */
const unclean = /\\u(?:0000|d[89a-f])/i;

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    if (!unclean.test(text)) return JSON.parse(text);
    return JSON.parse(text, (_, value: unknown) => (typeof value === "string" ? clean(value) : value));
  } catch {
    return undefined;
  }
}

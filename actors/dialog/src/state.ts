/** What is remembered of one person between two updates. */
import type { Texts } from "@rookery/dialog-book";
import type { BotMemory } from "@rookery/protocol";

export type Value =
  | string
  | number
  | null
  | { readonly fileId: string; readonly caption: string }
  | { readonly latitude: number; readonly longitude: number };

export interface Answer {
  readonly value: Value;
  /** As it is read back to the person. */
  readonly shown: string;
}

/** A button on the keyboard that counts, in the order of its data. */
export interface Shown {
  readonly act: "option" | "back" | "cancel" | "skip" | "confirm";
  readonly value: string;
  readonly label: string;
  /** What its button is about, and how long it works; missing: as the step's. */
  readonly entity?: string;
  readonly lifeMs?: number;
}

/** A dialogue under way. */
export interface Talk {
  readonly dialog: string;
  readonly step: string;
  /** Names the keyboard that counts; presses on others are too late. */
  readonly serial: string;
  readonly shown: readonly Shown[];
  /** What followed the command that began it, until a step takes it. */
  readonly argument: string;
  /** Steps that were answered, in order, and how many of them cannot be taken back: a service has them. */
  readonly answered: readonly string[];
  readonly settled: number;
  readonly answers: Readonly<Record<string, Answer>>;
  /** What services told, by step. */
  readonly facts: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** A reply keyboard stands in place of the person's own. */
  readonly replaced: boolean;
  /** What the person did in it, and how often in a row it did not fit. */
  readonly turns: number;
  readonly misses: number;
  /** Services asked since the person did something. */
  readonly calls: number;
  readonly untilMs: number;
}

export interface State {
  /** What the person chose; null: what Telegram tells. */
  readonly language: string | null;
  readonly talk: Talk | null;
}

export const talkMs = 3_600_000;
/** A chosen language outlives the dialogues. */
const languageMs = 90 * 86_400_000;
/** Another form of state is forgotten, not guessed at. */
const form = 1;

export function readState(memory: BotMemory | null, nowMs: number): State {
  if (memory === null || memory.untilMs <= nowMs || memory.state["form"] !== form) {
    return { language: null, talk: null };
  }
  const { language, talk } = memory.state as unknown as State;
  return { language, talk: talk !== null && talk.untilMs > nowMs ? talk : null };
}

export function encodeState({ language, talk }: State, nowMs: number): BotMemory | null {
  if (language === null && talk === null) return null;
  const untilMs = Math.max(talk?.untilMs ?? 0, language === null ? 0 : nowMs + languageMs);
  return { state: { form, language, talk }, untilMs };
}

/** Placeholders of what a button is about, filled with the values of answers and with what was told. */
export function fillEntity(text: string, talk: Talk, name: string): string {
  return text.replace(
    /\{([a-z][a-z0-9_]*)(?:\.([A-Za-z][A-Za-z0-9_]*))?\}/g,
    (_whole, id: string, key?: string) => {
      if (id === "name" && key === undefined) return name;
      const value = key === undefined ? talk.answers[id]?.value : talk.facts[id]?.[key];
      return typeof value === "string" || typeof value === "number" ? String(value) : "";
    },
  );
}

/** Placeholders of a text, filled with what was answered and told. */
export function fill(texts: Texts, language: string, talk: Talk | null, name: string): string {
  return (texts[language] ?? "").replace(
    /\{([a-z][a-z0-9_]*)(?:\.([A-Za-z][A-Za-z0-9_]*))?\}/g,
    (whole, id, key) => {
      if (id === "name" && key === undefined) return name;
      const found = key === undefined ? talk?.answers[id]?.shown : talk?.facts[id]?.[key];
      return found ?? (talk === null ? whole : "—");
    },
  );
}

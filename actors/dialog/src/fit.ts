import type { AskStep, Step, WordName } from "@rookery/dialog-book";
import type { BotInput } from "@rookery/protocol";
import { addDays, dayAt, parseDay, showDay } from "./day.ts";
import type { Answer, Shown } from "./state.ts";

/** What answers a step: the steps that wait for the person. */
export type Asking = AskStep | Extract<Step, { readonly kind: "language" }>;

interface Circumstances {
  /** The options of a choice, as they were shown. */
  readonly shown: readonly Shown[];
  readonly timeZone: string;
  readonly nowMs: number;
}

const phoneDigits = { min: 7, max: 15 };

/** What the person did as an answer to a step; null when it is none. */
export function fit(step: Asking, input: BotInput, { shown, timeZone, nowMs }: Circumstances): Answer | null {
  const text = input.kind === "text" ? input.text.trim() : null;
  switch (step.kind) {
    case "text":
      return text !== null && text.length >= step.min && text.length <= step.max ? plain(text) : null;
    case "number":
      return text === null ? null : fitNumber(step, text);
    case "phone":
      if (input.kind === "contact") return input.isOwn ? fitPhone(input.phone) : null;
      return text === null ? null : fitPhone(text);
    case "date": {
      const today = dayAt(timeZone, nowMs);
      const day = text === null ? null : parseDay(text, today);
      if (day === null) return null;
      if (step.from !== null && day < addDays(today, step.from)) return null;
      if (step.to !== null && day > addDays(today, step.to)) return null;
      return { value: day, shown: showDay(day) };
    }
    case "choice":
    case "language": {
      const wanted = text?.toLowerCase();
      const found = shown.find(
        ({ act, value, label }) =>
          act === "option" && (value.toLowerCase() === wanted || label.toLowerCase() === wanted),
      );
      return found === undefined ? null : { value: found.value, shown: found.label };
    }
    case "photo":
      if (input.kind !== "file" || input.fileKind !== "photo") return null;
      return { value: { fileId: input.fileId, caption: input.caption }, shown: "🖼" };
    case "location": {
      if (input.kind !== "location") return null;
      const { latitude, longitude } = input.location;
      return {
        value: { latitude, longitude },
        shown: `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`,
      };
    }
    case "summary":
      return null;
  }
}

export const missWords: Readonly<Record<Asking["kind"], WordName>> = {
  text: "invalidText",
  number: "invalidNumber",
  phone: "invalidPhone",
  date: "invalidDate",
  choice: "invalidChoice",
  photo: "invalidPhoto",
  location: "invalidLocation",
  summary: "invalidChoice",
  language: "invalidChoice",
};

function plain(text: string): Answer {
  return { value: text, shown: text };
}

function fitNumber(step: Extract<AskStep, { kind: "number" }>, text: string): Answer | null {
  const written = text.replace(/[\s\u00a0_]/g, "").replace(",", ".");
  if (!/^[+-]?\d{1,15}(\.\d{1,9})?$/.test(written)) return null;
  const value = Number(written);
  if (step.whole && !Number.isInteger(value)) return null;
  if ((step.min !== null && value < step.min) || (step.max !== null && value > step.max)) return null;
  return { value, shown: String(value) };
}

function fitPhone(text: string): Answer | null {
  if (!/^\+?[\d\s().-]{1,32}$/.test(text)) return null;
  const digits = text.replace(/\D/g, "");
  if (digits.length < phoneDigits.min || digits.length > phoneDigits.max) return null;
  return plain(`+${digits}`);
}

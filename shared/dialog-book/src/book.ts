/** Dialogues as data: what a bot's owner writes (`PUT /v1/bots/:id/dialogs`), after `checkBook`. */

/** One text in every language of its book. */
export type Texts = Readonly<Record<string, string>>;

/** All that a bot says by itself. */
export interface DialogBook {
  /** The first is spoken to people whose own is not among them. */
  readonly languages: readonly string[];
  /** IANA's name; what "today" is. */
  readonly timeZone: string;
  /** Answers `/start`, above the menu. */
  readonly greeting: Texts;
  /** Answers `/help`. */
  readonly help: Texts;
  readonly menu: Menu;
  /** In place of the built-in ones (`words.ts`); all of them where a language is not built in. */
  readonly words: Readonly<Record<string, Texts>>;
  readonly dialogs: Readonly<Record<string, Dialog>>;
}

export interface Menu {
  readonly text: Texts;
  /** Names of dialogues, in the order of their buttons. */
  readonly dialogs: readonly string[];
  readonly columns: number;
}

export interface Dialog {
  /** On its button. */
  readonly title: Texts;
  /** Without the slash. What follows a command answers the first step, if it can. */
  readonly commands: readonly string[];
  /** `/start <payload>` or `/start <payload>_<answer to the first step>` begins it. */
  readonly payload: string | null;
  /** Of accounts here that may begin it, beside admins; none: everybody. */
  readonly roles: readonly string[];
  readonly steps: readonly Step[];
}

/** `end`, or a step further down: so every dialogue ends. */
export type Target = string;

export interface Branch {
  /** A step's answer, or `step.key` of what a service told there; null: always. */
  readonly if: string | null;
  readonly is: readonly string[];
  readonly to: Target;
}

interface AnyStep {
  readonly id: string;
  /** The first that holds is taken; where none does, the next step down. */
  readonly next: readonly Branch[];
}

interface Asking extends AnyStep {
  readonly prompt: Texts;
  /** Before its value in a summary; not in the summary without. */
  readonly label: Texts | null;
  /** May be left out. */
  readonly optional: boolean;
  /** In place of the built-in word about an answer that does not fit. */
  readonly invalid: Texts | null;
  /** What its buttons are about, with placeholders of answers' values: `shift:{shift}`. They stop working together. */
  readonly entity: string | null;
  /** How long its buttons work; null: as long as the dialogue. */
  readonly lifeMs: number | null;
}

export interface Option {
  readonly value: string;
  readonly label: Texts;
}

export type AskStep =
  | (Asking & { readonly kind: "text"; readonly min: number; readonly max: number })
  | (Asking & {
      readonly kind: "number";
      readonly min: number | null;
      readonly max: number | null;
      readonly whole: boolean;
    })
  | (Asking & { readonly kind: "phone" })
  /** Days from today, both included. */
  | (Asking & { readonly kind: "date"; readonly from: number | null; readonly to: number | null })
  | (Asking & {
      readonly kind: "choice";
      /** Empty where a service tells them. */
      readonly options: readonly Option[];
      /** The service that is asked for `data.options`, each time. */
      readonly service: string | null;
      /** Said, and the dialogue ended, when it knows none. */
      readonly empty: Texts | null;
      readonly columns: number;
    })
  | (Asking & { readonly kind: "photo" })
  | (Asking & { readonly kind: "location" })
  /** Shows the prompt and what was answered, and asks for a yes. */
  | (Asking & { readonly kind: "summary" });

export type Step =
  | AskStep
  | (AnyStep & { readonly kind: "say"; readonly text: Texts })
  /** Offers the languages of the book. */
  | (AnyStep & { readonly kind: "language" })
  /** Gives a service what was answered. */
  | (AnyStep & {
      readonly kind: "submit";
      readonly service: string;
      /** Said after what the service has the bot say. */
      readonly done: Texts | null;
      readonly failed: Texts | null;
    });

export const bookLimits = {
  bytesMax: 262_144,
  languagesMax: 8,
  dialogsMax: 50,
  stepsMax: 40,
  optionsMax: 50,
  branchesMax: 20,
  commandsMax: 5,
  columnsMax: 4,
  textMax: 2_000,
  labelMax: 64,
  valueMax: 256,
  answerMax: 2_000,
  entityMax: 128,
  lifeMsMax: 3_600_000,
  daysMax: 3_660,
  issuesMax: 20,
} as const;

export const roleNames = ["member", "operator", "service", "admin"] as const;

/** Answered by every book itself. */
export const ownCommands: readonly string[] = ["start", "help", "menu", "language", "cancel"];

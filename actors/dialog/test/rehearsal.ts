/** A person in a private chat with a bot of dialogues: what they do, what they see, and what services are asked. */
import { readFileSync } from "node:fs";
import { checkBook, type DialogBook } from "@rookery/dialog-book";
import { openDialogDecider } from "@rookery/dialog";
import type {
  BotInput,
  BotMemory,
  BotMessage,
  BotPerson,
  ServiceAnswer,
  ServiceCall,
} from "@rookery/protocol";

export const startMs = Date.UTC(2026, 10, 20, 9);

export function readExample(): DialogBook {
  const file = new URL("../../../examples/uk-management-bot/dialogs.json", import.meta.url);
  const check = checkBook(JSON.parse(readFileSync(file, "utf8")));
  if (check.kind === "invalid") throw new Error(JSON.stringify(check.issues));
  return check.book;
}

export function bookOf(value: unknown): DialogBook {
  const check = checkBook(value);
  if (check.kind === "invalid") throw new Error(JSON.stringify(check.issues));
  return check.book;
}

interface Button {
  readonly text: string;
  readonly data?: string;
  readonly request?: string;
  readonly entity?: string;
  readonly lifeMs?: number;
}

export class Rehearsal {
  book: DialogBook;
  nowMs = startMs;
  memory: BotMemory | null = null;
  readonly calls: ServiceCall[] = [];
  /** What came of the last thing done. */
  seen: readonly BotMessage[] = [];
  told: string | null = null;
  person: BotPerson;
  serve: (call: ServiceCall) => ServiceAnswer = () => ({ kind: "answered", actions: [], data: {} });
  #updateId = 1_000;

  constructor(book: DialogBook, person: Partial<BotPerson> = {}) {
    this.book = book;
    this.person = {
      telegramId: 7,
      firstName: "Ada",
      lastName: null,
      username: null,
      language: "en",
      userId: null,
      role: "member",
      ...person,
    };
  }

  /** False: the dialogues leave it to others. */
  does(input: BotInput, isPrivate = true): boolean {
    const decider = openDialogDecider(this.book);
    this.#updateId++;
    const event = {
      botId: 1,
      updateId: this.#updateId,
      type: "message",
      chatId: 3,
      telegramChatId: 7,
      isPrivate,
      person: this.person,
      input,
      raw: {},
    };
    this.seen = [];
    this.told = null;
    let verdict = decider.decide(event, this.memory, this.nowMs);
    if (verdict === null) return false;
    const seen: BotMessage[] = [];
    for (let calls = 0; ; calls++) {
      for (const action of verdict.actions) {
        if (action.kind === "send") seen.push(action.message);
        if (action.kind === "answer") this.told = action.text;
      }
      // As a row keeps it.
      if (verdict.memory !== undefined)
        this.memory = JSON.parse(JSON.stringify(verdict.memory)) as BotMemory | null;
      if (verdict.call === undefined) break;
      if (calls > 40) throw new Error("services are called for ever");
      this.calls.push(verdict.call);
      verdict = decider.resume(event, this.memory, this.serve(verdict.call), this.nowMs);
    }
    this.seen = seen;
    return true;
  }

  says(text: string): boolean {
    const [, name, argument = ""] = /^\/(\w+) ?(.*)$/s.exec(text) ?? [];
    return this.does(name === undefined ? { kind: "text", text } : { kind: "command", name, argument });
  }

  presses(data: string | null): boolean {
    return this.does({ kind: "callback", queryId: "q", data, messageId: 1 });
  }

  /** By what stands on the button of the last message seen. */
  chooses(label: string): boolean {
    const found = this.buttons.find(({ text }) => text.includes(label));
    if (found === undefined) throw new Error(`no button ${label} among ${this.labels.join(", ")}`);
    return found.data === undefined ? this.says(found.text) : this.presses(found.data);
  }

  get buttons(): readonly Button[] {
    return (this.seen.at(-1)?.keyboard?.rows ?? []).flatMap(({ buttons }) => buttons);
  }

  get labels(): readonly string[] {
    return this.buttons.map(({ text }) => text);
  }

  get texts(): readonly string[] {
    return this.seen.map(({ body }) => body);
  }

  get isTalking(): boolean {
    return this.memory !== null && this.memory.state["talk"] !== null;
  }
}

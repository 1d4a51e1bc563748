/** What a book refers to is there, earlier where it is read and later where it is gone to. */
import type { Dialog, DialogBook, Step, Texts } from "./book.ts";
import type { Issue } from "./reader.ts";

/** Filled in from the person and the update; not steps. */
const given = ["name"];
export const placeholder = /\{([a-z][a-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?)\}/g;

export function checkReferences(book: DialogBook, issues: Issue[]): void {
  const nobody: ReadonlyMap<string, Step> = new Map();
  checkTexts(book.greeting, "greeting", nobody, issues);
  checkTexts(book.help, "help", nobody, issues);
  checkTexts(book.menu.text, "menu.text", nobody, issues);
  for (const [index, name] of book.menu.dialogs.entries()) {
    if (!Object.hasOwn(book.dialogs, name)) {
      issues.push({ path: `menu.dialogs.${index}`, message: "is not a dialogue of this book" });
    }
  }
  const owners = new Map<string, string>();
  const claim = (key: string, path: string, message: string): void => {
    if (owners.has(key)) issues.push({ path, message: `${message} ${owners.get(key)}` });
    else owners.set(key, path);
  };
  for (const [name, dialog] of Object.entries(book.dialogs)) {
    const path = `dialogs.${name}`;
    for (const [index, command] of dialog.commands.entries()) {
      claim(`/${command}`, `${path}.commands.${index}`, "is already the command of");
    }
    if (dialog.payload !== null) claim(`=${dialog.payload}`, `${path}.payload`, "is already that of");
    checkDialog(dialog, path, issues);
  }
}

function checkDialog(dialog: Dialog, path: string, issues: Issue[]): void {
  const positions = new Map(dialog.steps.map(({ id }, index) => [id, index]));
  const before = new Map<string, Step>();
  for (const [index, step] of dialog.steps.entries()) {
    const at = `${path}.steps.${index}`;
    if (step.id === "end" || given.includes(step.id)) {
      issues.push({ path: `${at}.id`, message: "is a name with a meaning of its own" });
    }
    if (before.has(step.id)) issues.push({ path: `${at}.id`, message: "is there twice" });
    checkStepTexts(step, at, before, issues);
    before.set(step.id, step);
    for (const [number, branch] of step.next.entries()) {
      const place = `${at}.next.${number}`;
      const target = positions.get(branch.to);
      if (branch.to !== "end" && target === undefined) {
        issues.push({ path: `${place}.to`, message: `names no step: ${branch.to}` });
      } else if (target !== undefined && target <= index) {
        issues.push({
          path: `${place}.to`,
          message: "must lead to a later step, so that every dialogue ends",
        });
      }
      if (branch.if !== null) checkReference(branch.if, `${place}.if`, before, issues);
    }
  }
}

function checkStepTexts(step: Step, path: string, before: ReadonlyMap<string, Step>, issues: Issue[]): void {
  const self = new Map(before).set(step.id, step);
  switch (step.kind) {
    case "language":
      return;
    case "say":
      return checkTexts(step.text, `${path}.text`, before, issues);
    case "submit":
      if (step.done !== null) checkTexts(step.done, `${path}.done`, self, issues);
      if (step.failed !== null) checkTexts(step.failed, `${path}.failed`, before, issues);
      return;
    case "text":
    case "number":
    case "phone":
    case "date":
    case "choice":
    case "photo":
    case "location":
    case "summary":
      checkTexts(step.prompt, `${path}.prompt`, before, issues);
      if (step.entity !== null) checkText(step.entity, `${path}.entity`, before, issues);
      return;
  }
}

function checkTexts(texts: Texts, path: string, steps: ReadonlyMap<string, Step>, issues: Issue[]): void {
  for (const [language, text] of Object.entries(texts)) {
    checkText(text, `${path}.${language}`, steps, issues);
  }
}

function checkText(text: string, path: string, steps: ReadonlyMap<string, Step>, issues: Issue[]): void {
  for (const [, reference = ""] of text.matchAll(placeholder)) {
    if (!given.includes(reference)) checkReference(reference, path, steps, issues);
  }
}

function checkReference(
  reference: string,
  path: string,
  steps: ReadonlyMap<string, Step>,
  issues: Issue[],
): void {
  const [id = "", key] = reference.split(".");
  const step = steps.get(id);
  if (step === undefined) {
    issues.push({ path, message: `names no step that comes before: ${reference}` });
  } else if (
    key !== undefined &&
    step.kind !== "submit" &&
    !(step.kind === "choice" && step.service !== null)
  ) {
    issues.push({ path, message: `only a service tells more than an answer: ${reference}` });
  } else if (key === undefined && ["say", "summary", "submit"].includes(step.kind)) {
    issues.push({ path, message: `names a step without an answer: ${reference}` });
  }
}

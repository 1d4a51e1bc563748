import { chatMethods } from "./chat.ts";
import { commandMethods } from "./command.ts";
import { editMethods } from "./edit.ts";
import type { Method, MethodTable } from "./method.ts";
import { queryMethods } from "./query.ts";
import { sendMethods } from "./send.ts";
import { updateMethods } from "./update.ts";

const all: MethodTable = {
  ...updateMethods,
  ...sendMethods,
  ...editMethods,
  ...queryMethods,
  ...commandMethods,
  ...chatMethods,
};
const byLowerCase = new Map(Object.entries(all).map(([name, run]) => [name.toLowerCase(), { name, run }]));

/** Any letter case. */
export function findMethod(name: string): { readonly name: string; readonly run: Method } | undefined {
  return byLowerCase.get(name.toLowerCase());
}

/** Whether the answer of a webhook may call it (TELEGRAM.md §3). */
export function isWebhookMethod(name: string): boolean {
  const lower = name.toLowerCase();
  const excluded = ["deletewebhook", "setwebhook", "close", "logout"];
  return !excluded.includes(lower) && !lower.startsWith("get");
}

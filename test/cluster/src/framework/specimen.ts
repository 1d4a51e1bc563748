/** What all bots of the frameworks send and are asked: one behaviour, written once with each framework. */
import { createHash } from "node:crypto";

export const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
export const report = Buffer.from("line of a report\n".repeat(20_000));

export const menu = [
  { text: "One", data: "pick:1" },
  { text: "Two", data: "pick:2" },
  { text: "Alert", data: "alert" },
] as const;

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A bot's program that is running. */
export interface RunningBot {
  /** Errors that its framework met. */
  readonly errors: readonly unknown[];
  stop(): Promise<void>;
}

export interface BotPlan {
  /** Where the Bot API is: all that is changed in a bot to have it run here. */
  readonly apiRoot: string;
  readonly token: string;
  readonly mode: "polling" | "webhook";
}

/** What a conversation is at, in the bot's own memory. */
export interface Form {
  step?: "name" | "age" | undefined;
  name?: string;
}

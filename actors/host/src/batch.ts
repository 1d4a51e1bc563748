import { type CommandBatch, type LoggedCommand, parseInternal } from "@rookery/protocol";

export interface ParsedBatch {
  readonly batch: CommandBatch;
  /** What was in the message and is no command; not made by us. */
  readonly refused: number;
}

/**
 * A message of the log. What is checked is what the host itself needs of a command: its address and its name; its meaning
 * is its actor's. Never throws: what cannot be read is passed over, so that the shard goes on (L8).
 */
export function parseBatch(bytes: Uint8Array): ParsedBatch {
  let value: unknown;
  try {
    value = parseInternal(bytes);
  } catch {
    value = null;
  }
  const { edge, commands } = isObject(value) ? value : {};
  if (!Array.isArray(commands)) return { batch: { edge: null, commands: [] }, refused: 1 };
  const sound = commands.filter(isCommand);
  return {
    batch: { edge: typeof edge === "string" ? edge : null, commands: sound },
    refused: commands.length - sound.length,
  };
}

function isCommand(value: unknown): value is LoggedCommand {
  if (!isObject(value)) return false;
  const { actor, senderId, uuid, command } = value;
  return (
    isObject(actor) &&
    typeof actor["kind"] === "string" &&
    Number.isSafeInteger(actor["id"]) &&
    Number.isSafeInteger(senderId) &&
    typeof uuid === "string" &&
    isObject(command)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a call does to a chat: a command of the bot's, by the same way as everybody's. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { type ChatCommand, Fault, faultOfInfo, type Outcome } from "@rookery/protocol";
import type { Call } from "./method.ts";
import type { Place } from "./place.ts";

/** The commands of one call that has a name are named after it, each by its place in the call (L3). */
export function commandUuid({ key, bot }: Pick<Call, "key" | "bot">, place: number): string {
  if (key === undefined) return randomUUID();
  const digest = createHash("sha256").update(`${bot.id}:${key}:${place}`).digest("base64url");
  return `bot-${digest}`;
}

/** The id of an album: a repeat of a call that has a name finds the same one, also when a crash cut the first in two. */
export function albumId({ key, bot }: Pick<Call, "key" | "bot">): string {
  const seed =
    key === undefined ? randomBytes(8) : createHash("sha256").update(`${bot.id}:${key}:album`).digest();
  return String(seed.readBigUInt64BE() >> 1n);
}

/**
 * Submits a command and waits for its commit (L1).
 * @throws Fault as the chat refused it
 */
export async function submit<K extends Outcome["kind"]>(
  call: Call,
  { id }: Pick<Place, "id">,
  {
    command,
    expected,
    place = 0,
  }: { readonly command: ChatCommand; readonly expected: K; readonly place?: number },
): Promise<Extract<Outcome, { readonly kind: K }>> {
  const { context, bot, requestId } = call;
  const reply = await context.commands.submit(
    {
      actor: { kind: "chat", id },
      senderId: bot.id,
      uuid: commandUuid(call, place),
      source: "bot",
      command,
      requestId,
    },
    { timeoutMs: context.commandTimeoutMs },
  );
  if (reply.kind === "refused") {
    throw faultOfInfo(reply.fault);
  }
  const { outcome } = reply;
  if (outcome.kind !== expected) throw new Fault("conflict");
  return outcome as Extract<Outcome, { readonly kind: K }>;
}

/** As `submit`; a fault of these codes is told in the method's own words. */
export async function submitOr<K extends Outcome["kind"]>(
  call: Call,
  place: Pick<Place, "id">,
  asked: Parameters<typeof submit<K>>[2],
  words: Partial<Record<Fault["code"], Error>>,
): Promise<Extract<Outcome, { readonly kind: K }>> {
  try {
    return await submit<K>(call, place, asked);
  } catch (error) {
    throw (error instanceof Fault ? words[error.code] : undefined) ?? error;
  }
}

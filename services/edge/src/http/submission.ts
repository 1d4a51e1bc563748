import { randomUUID } from "node:crypto";
import type { Principal } from "@rookery/auth";
import {
  type AddressedCommand,
  type ChatCommand,
  type ChatId,
  Fault,
  faultOfInfo,
  type Outcome,
} from "@rookery/protocol";
import type { EdgeContext } from "./context.ts";

/** A chat command of one REST request. */
export interface ChatSubmission {
  readonly chatId: ChatId;
  readonly sender: Pick<Principal, "userId" | "keyId">;
  /** Absent: the request has no name, so a repeat is a new command. */
  readonly uuid: string | undefined;
  readonly requestId: string;
  readonly command: ChatCommand;
}

/** An outcome of the kind that was asked for; `duplicate` when an earlier request had led to it. */
export interface Submitted<K extends Outcome["kind"]> {
  readonly outcome: Extract<Outcome, { readonly kind: K }>;
  readonly duplicate: boolean;
}

/**
 * Submits a command to a chat's actor and waits for the commit.
 * @throws Fault as the actor refused it, or as the port could not bring it there.
 */
export async function submitToChat<K extends Outcome["kind"]>(
  context: Pick<EdgeContext, "commands"> & {
    readonly config: Pick<EdgeContext["config"], "commandTimeoutMs">;
  },
  submission: ChatSubmission,
  expected: K,
): Promise<Submitted<K>> {
  const { sender } = submission;
  const addressed: AddressedCommand = {
    actor: { kind: "chat", id: submission.chatId },
    senderId: sender.userId,
    ...(sender.keyId === null ? {} : { keyId: sender.keyId }),
    uuid: submission.uuid ?? randomUUID(),
    source: "rest",
    command: submission.command,
    requestId: submission.requestId,
  };
  const reply = await context.commands.submit(addressed, { timeoutMs: context.config.commandTimeoutMs });
  if (reply.kind === "refused") {
    throw faultOfInfo(reply.fault);
  }
  const { outcome, duplicate } = reply;
  if (!isOfKind(outcome, expected)) {
    // The uuid named another command of this sender in this chat before.
    throw new Fault("conflict", "this uuid or Idempotency-Key was used for another request");
  }
  return { outcome, duplicate };
}

function isOfKind<K extends Outcome["kind"]>(
  outcome: Outcome,
  kind: K,
): outcome is Extract<Outcome, { readonly kind: K }> {
  return outcome.kind === kind;
}

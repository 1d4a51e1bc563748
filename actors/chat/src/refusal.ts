import type { Decision } from "@rookery/host";
import type { FaultCode } from "@rookery/protocol";
import type { ChatState } from "./state.ts";

export type Decided = Decision<ChatState>;

export function refused(code: FaultCode, message: string): Decided {
  return { kind: "refused", fault: { code, message } };
}

/** To someone who is not in it, a chat does not exist. */
export function notFound(): Decided {
  return refused("not_found", "there is no such chat");
}

export function noMessage(): Decided {
  return refused("not_found", "there is no such message");
}

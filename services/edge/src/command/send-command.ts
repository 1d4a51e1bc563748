import type { ChatCommand, ClientFrameOf } from "@rookery/protocol";

/** What a message may be made of, from whichever door it comes. */
export type Content = Omit<ClientFrameOf<"SendMessage">, "type" | "uuid" | "chatId">;

/** A message on its way to its chat. One of a content of its own is of that kind, unless it says another. */
export function sendCommand({ kind, ...content }: Content): ChatCommand {
  const own = (["poll", "location", "contact"] as const).find((each) => content[each] !== undefined);
  return { kind: "send", messageKind: kind ?? own ?? "text", ...content };
}

/** All methods by name, in lower case. Each family is a file of its own. */
import type { Method } from "./method.ts";
import { administrationMethods } from "./method/administration.ts";
import { botMethods } from "./method/bot.ts";
import { callbackMethods } from "./method/callback.ts";
import { changeMethods } from "./method/change.ts";
import { chatMethods } from "./method/chat.ts";
import { draftMethods } from "./method/draft.ts";
import { elsewhereMethods } from "./method/elsewhere.ts";
import { forwardMethods } from "./method/forward.ts";
import { inlineMethods } from "./method/inline.ts";
import { linkMethods } from "./method/link.ts";
import { locationMethods } from "./method/location.ts";
import { sendMethods } from "./method/send.ts";
import { updateMethods } from "./method/update.ts";

export function openMethods(...others: readonly Method[]): ReadonlyMap<string, Method> {
  const all = [
    ...botMethods,
    ...updateMethods,
    ...callbackMethods,
    ...inlineMethods,
    ...sendMethods,
    ...changeMethods,
    ...locationMethods,
    ...draftMethods,
    ...forwardMethods,
    ...chatMethods,
    ...administrationMethods,
    ...linkMethods,
    ...elsewhereMethods,
    ...others,
  ];
  return new Map(all.map((each) => [each.name.toLowerCase(), each]));
}

/** Links as Telegram takes them in marked up text. */
import { EntityError } from "./formatted-text.ts";

const httpLink =
  /^(?:(https?):\/\/)?(?:([^/?#@]*)@)?(\[[0-9a-f:.]+\]|[^/?#:@[\]\s]+)(:\d{1,5})?([/?#].*)?$/is;
const appLink = /^(tg|ton|tonsite):(?:\/\/)?([a-z0-9_-]{1,253})([/?#].*)?$/is;

/** The link written out, or null for what is none: `telegram.org` is `http://telegram.org/`. */
export function checkedLink(link: string): string | null {
  const app = appLink.exec(link);
  if (app !== null) return `${app[1]?.toLowerCase()}://${app[2]?.toLowerCase()}${app[3] ?? ""}`;
  const http = httpLink.exec(link);
  if (http === null) return null;
  const [, scheme = "http", user, host = "", port = "", rest = ""] = http;
  if (!host.includes(".") && !host.startsWith("[")) return null;
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  const who = user === undefined ? "" : `${user}@`;
  const spaceless = path.replace(/[\0-\x20]/g, (char) => encodeURIComponent(char));
  return `${scheme.toLowerCase()}://${who}${host.toLowerCase()}${port}${spaceless}`;
}

/** Whom `tg://user?id=5` means, or null. */
export function linkUserId(link: string): number | null {
  const [, query] = /^tg:(?:\/\/)?user\/?\?([^#]*)/is.exec(link) ?? [];
  const id = query === undefined ? null : valueOf(query, "id");
  if (id === null || !/^[1-9]\d{0,15}$/.test(id)) return null;
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : null;
}

/** @throws EntityError */
export function customEmojiOf(link: string): string {
  const tg = /^tg:(?:\/\/)?(.*)$/is.exec(link);
  if (tg === null) throw new EntityError("Custom emoji URL must have scheme tg");
  const [, host = "", query = ""] = /^([^/?#]*)\/?(?:\?([^#]*))?/.exec(tg[1] ?? "") ?? [];
  if (host.toLowerCase() !== "emoji") throw new EntityError('Custom emoji URL must have host "emoji"');
  const id = valueOf(query, "id");
  if (id === null) throw new EntityError("Custom emoji URL must have an emoji identifier");
  return checkedEmojiId(id);
}

/** @throws EntityError */
export function checkedEmojiId(id: string): string {
  if (!/^[1-9]\d{0,18}$/.test(id)) throw new EntityError("Invalid custom emoji identifier specified");
  return id;
}

function valueOf(query: string, name: string): string | null {
  const pair = query.split("&").find((each) => each.startsWith(`${name}=`));
  return pair === undefined ? null : pair.slice(name.length + 1);
}

/** What a link in marked up text makes of its span; null: nothing. */
export function linkEntity(
  link: string,
):
  | { readonly type: "text_mention"; readonly userId: number }
  | { readonly type: "text_link"; readonly url: string }
  | null {
  const userId = linkUserId(link);
  if (userId !== null) return { type: "text_mention", userId };
  const url = checkedLink(link);
  return url === null ? null : { type: "text_link", url };
}

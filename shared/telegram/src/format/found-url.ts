/** Links and addresses in plain text, found as Telegram finds them. */
import type { Entity } from "@rookery/protocol";
import tlds from "tlds" with { type: "json" };

const known: ReadonlySet<string> = new Set(tlds);

// Bounded everywhere, so that no text makes it walk far for each of its characters.
const candidate =
  /(?:([a-z0-9+-]{1,16}):\/\/)?([^\s/[\]{}()'`<>"@«»]{1,128}@)?((?:[\p{L}\p{N}_~-]{1,63}\.){1,12}[\p{L}\p{N}-]{1,63})(:\d{1,5})?([/?#][^\s<>"«»]*)?/giu;
const appLink = /(?:tg|ton|tonsite):\/\/[a-z0-9_-]{1,253}(?:[/?#][^\s<>"«»]*)?/giu;
const email =
  /^([a-z0-9_-]{0,26}[.+]){0,10}[a-z0-9_-]{1,35}@(([a-z0-9][a-z0-9_-]{0,28})?[a-z0-9][.]){1,6}[a-z]{2,8}$/i;
const schemes: ReadonlySet<string> = new Set(["http", "https", "ftp"]);
const wordBefore = /[\p{L}\p{N}_/#@]$/u;

/** `url` and `email` spans, by place. */
export function findUrls(text: string): Entity[] {
  const found: Entity[] = [];
  for (const match of text.matchAll(appLink)) {
    found.push({ type: "url", offset: match.index, length: withoutEnd(match[0]).length });
  }
  if (!text.includes(".")) return found;
  for (const match of text.matchAll(candidate)) {
    const entity = entityOf(text, match);
    if (entity !== null && !found.some((each) => overlaps(each, entity))) found.push(entity);
  }
  return found.toSorted((one, other) => one.offset - other.offset);
}

function entityOf(text: string, match: RegExpMatchArray): Entity | null {
  const [, scheme, user, host = "", port = "", rest = ""] = match;
  const offset = match.index ?? 0;
  if (scheme !== undefined && !schemes.has(scheme.toLowerCase())) return null;
  if (scheme === undefined && wordBefore.test(text.slice(Math.max(0, offset - 2), offset))) return null;
  const isAddress =
    /^\d{1,3}(\.\d{1,3}){3}$/.test(host) && host.split(".").every((part) => Number(part) < 256);
  const top = host.slice(host.lastIndexOf(".") + 1).toLowerCase();
  if (!isAddress && !isTop(top, scheme !== undefined)) return null;
  if (user !== undefined && scheme === undefined) {
    const address = `${user}${host}`;
    return email.test(address) ? { type: "email", offset, length: address.length } : null;
  }
  const head = `${scheme === undefined ? "" : `${scheme}://`}${user ?? ""}${host}${port}`;
  const path = withoutEnd(rest);
  const kept = path.length === 1 && path !== "/" ? "" : path;
  return { type: "url", offset, length: head.length + kept.length };
}

/** Without a scheme only what is a domain of the world; with one, whatever could be. */
function isTop(top: string, hasScheme: boolean): boolean {
  if (known.has(top) || top.startsWith("xn--")) return true;
  return hasScheme && /^[\p{L}][\p{L}\p{N}-]+$/u.test(top);
}

/** Points at its end belong to the sentence, and a bracket that was not opened in it to what is around. */
function withoutEnd(path: string): string {
  const depth: Record<string, number> = { ")": 0, "]": 0, "}": 0 };
  const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
  let end = path.length;
  for (const { 0: char, index } of path.matchAll(/[()[\]{}]/g)) {
    const closes = closing[char];
    if (closes !== undefined) depth[closes] = (depth[closes] ?? 0) + 1;
    else if (depth[char] !== undefined) {
      depth[char] -= 1;
      if (depth[char] < 0) {
        end = index;
        break;
      }
    }
  }
  return path.slice(0, end).replace(/[.:;,('?!`]+$/, "");
}

function overlaps(one: Entity, other: Entity): boolean {
  return one.offset < other.offset + other.length && other.offset < one.offset + one.length;
}

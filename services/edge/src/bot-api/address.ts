/** Where a call goes, by its path: `/bot<token>/<method>` and `/file/bot<token>/<path>`. */
import { isTelegramToken } from "@rookery/telegram";

export type Address =
  | { readonly kind: "call"; readonly token: string | null; readonly method: string }
  | { readonly kind: "file"; readonly token: string | null; readonly path: string };

/** Null: not a path of ours. A token that cannot be one is null. */
export function readAddress(path: string): Address | null {
  const [, file, named = "", rest = ""] = /^(\/file)?\/bot([^/]*)(?:\/(.*))?$/s.exec(path) ?? [];
  if (!path.startsWith("/bot") && !path.startsWith("/file/bot")) return null;
  const told = decoded(named);
  const token = isTelegramToken(told) ? told : null;
  if (file !== undefined) return { kind: "file", token, path: decoded(rest) };
  return { kind: "call", token, method: decoded(rest) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

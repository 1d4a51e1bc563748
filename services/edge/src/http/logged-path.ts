/** A path as logs may have it: the Bot API's names a bot by its token. Without the query, which may hold a token too. */
export function loggedPath(path: string): string {
  return path.replace(/[?#].*$/s, "").replace(/^(\/(?:file\/)?bot)[^/]+/, "$1…");
}

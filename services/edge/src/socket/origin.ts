/**
 * Which pages may open sockets, by their Origin: those of `allowed`, the cluster's own, and those served on this
 * machine's loopback, for development. Programs send no Origin and are let in: only a browser's word counts here.
 *
 * @param allowed origins such as `https://chat.example.com`; `*` allows every page
 */
export function originRule(allowed: readonly string[], publicUrl: string): (origin: string) => boolean {
  const known = new Set([...allowed, new URL(publicUrl).origin]);
  return (origin) => origin === "" || known.has("*") || known.has(origin) || isLoopback(origin);
}

function isLoopback(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** How files are handed out: as attachments, never to be run, from any place on. Pure. */
import type { FileRow } from "@rookery/store";
import type { ByteRange } from "./contents.ts";

export function fileHeaders({ mime, name }: Pick<FileRow, "mime" | "name">): [string, string][] {
  const encoded = encodeURIComponent(name ?? "file").replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  return [
    ["content-type", mime],
    ["content-disposition", `attachment; filename*=UTF-8''${encoded}`],
    ["x-content-type-options", "nosniff"],
    ["content-security-policy", "sandbox; default-src 'none'"],
    ["accept-ranges", "bytes"],
    ["cache-control", "private, max-age=3600"],
  ];
}

/** One range of bytes; null: all of it, also for what cannot be read. */
export function readRange(header: string, size: number): ByteRange | "outside" | null {
  const [whole, from = "", to = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header) ?? [];
  if (whole === undefined || (from === "" && to === "")) return null;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return start > end || start >= size ? "outside" : { start, end };
}

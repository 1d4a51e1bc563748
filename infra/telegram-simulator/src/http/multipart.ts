/** Bodies of `multipart/form-data`, as bots' frameworks write them. Pure. */
export interface Part {
  readonly name: string;
  /** Undefined for a plain field. */
  readonly fileName: string | undefined;
  readonly mime: string | undefined;
  readonly bytes: Buffer;
}

const partsMax = 1_000;
const headBytesMax = 16_384;

/** The boundary a content type names; undefined when it names none. */
export function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** Null when it is none or is cut off. grammY writes heads in lower case and without spaces. */
export function parseMultipart(body: Buffer, boundary: string): Part[] | null {
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let at = body.indexOf(delimiter);
  if (at < 0) return null;
  for (;;) {
    at += delimiter.length;
    if (body.toString("latin1", at, at + 2) === "--") return parts;
    const headAt = body.indexOf("\r\n", at);
    const headEnd = headAt < 0 ? -1 : body.indexOf("\r\n\r\n", headAt);
    if (headEnd < 0 || headEnd - headAt > headBytesMax || parts.length >= partsMax) return null;
    const next = body.indexOf(Buffer.concat([Buffer.from("\r\n"), delimiter]), headEnd + 2);
    if (next < 0) return null;
    const part = parsePart(
      body.toString("utf8", headAt + 2, headEnd),
      body.subarray(Math.min(headEnd + 4, next), next),
    );
    if (part !== null) parts.push(part);
    at = next + 2;
  }
}

function parsePart(head: string, bytes: Buffer): Part | null {
  const lines = head.split("\r\n").map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const headers = new Map(lines);
  const disposition = headers.get("content-disposition") ?? "";
  const name = parameter(disposition, "name");
  if (name === undefined) return null;
  return { name, fileName: parameter(disposition, "filename"), mime: headers.get("content-type"), bytes };
}

function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, "i").exec(disposition);
  return match?.[1]?.replaceAll(/\\(.)/g, "$1") ?? match?.[2];
}

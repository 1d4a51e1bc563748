/** What a file is, by its first bytes: never by what its sender says. Pure. */

export interface Sniffed {
  readonly mime: string;
  /** With its point. */
  readonly extension: string;
  readonly width?: number;
  readonly height?: number;
}

type Reader = (head: Buffer) => Sniffed | null;

const readers: readonly Reader[] = [readPng, readJpeg, readGif, readRiff, readMp4, readMagic, readWords];

/** `application/octet-stream` for what nobody knows. Text is text only, whatever it says: a page of HTML is never run. */
export function sniff(head: Buffer): Sniffed {
  for (const read of readers) {
    const found = read(head);
    if (found !== null) return found;
  }
  return { mime: "application/octet-stream", extension: "" };
}

function readPng(head: Buffer): Sniffed | null {
  if (head.toString("latin1", 0, 8) !== "\x89PNG\r\n\x1a\n" || head.length < 24) return null;
  return {
    mime: "image/png",
    extension: ".png",
    width: head.readUInt32BE(16),
    height: head.readUInt32BE(20),
  };
}

/** The sides stand in the first frame header (SOF). */
function readJpeg(head: Buffer): Sniffed | null {
  if (head[0] !== 0xff || head[1] !== 0xd8 || head[2] !== 0xff) return null;
  const still = { mime: "image/jpeg", extension: ".jpg" };
  for (let at = 2; at + 9 < head.length; ) {
    const marker = head[at + 1] ?? 0;
    if (head[at] !== 0xff) return still;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { ...still, height: head.readUInt16BE(at + 5), width: head.readUInt16BE(at + 7) };
    at += 2 + Math.max(2, head.readUInt16BE(at + 2));
  }
  return still;
}

function readGif(head: Buffer): Sniffed | null {
  if (!/^GIF8[79]a/.test(head.toString("latin1", 0, 6)) || head.length < 10) return null;
  return { mime: "image/gif", extension: ".gif", width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
}

function readRiff(head: Buffer): Sniffed | null {
  if (head.toString("latin1", 0, 4) !== "RIFF" || head.length < 30) return null;
  const form = head.toString("latin1", 8, 12);
  if (form === "WAVE") return { mime: "audio/wav", extension: ".wav" };
  if (form !== "WEBP") return null;
  const still = { mime: "image/webp", extension: ".webp" };
  switch (head.toString("latin1", 12, 16)) {
    case "VP8 ":
      return { ...still, width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
    case "VP8L": {
      const bits = head.readUInt32LE(21);
      return { ...still, width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return { ...still, width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
    default:
      return still;
  }
}

function readMp4(head: Buffer): Sniffed | null {
  if (head.toString("latin1", 4, 8) !== "ftyp") return null;
  const brand = head.toString("latin1", 8, 12);
  if (brand === "M4A ") return { mime: "audio/mp4", extension: ".m4a" };
  if (brand === "qt  ") return { mime: "video/quicktime", extension: ".mov" };
  return { mime: "video/mp4", extension: ".mp4" };
}

const magic: readonly (readonly [bytes: string, mime: string, extension: string])[] = [
  ["%PDF-", "application/pdf", ".pdf"],
  ["PK\x03\x04", "application/zip", ".zip"],
  ["OggS", "audio/ogg", ".oga"],
  ["ID3", "audio/mpeg", ".mp3"],
  ["\xff\xfb", "audio/mpeg", ".mp3"],
  ["fLaC", "audio/flac", ".flac"],
  ["\x1aE\xdf\xa3", "video/webm", ".webm"],
  ["\x1f\x8b", "application/gzip", ".gz"],
  ["7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", ".7z"],
  ["Rar!\x1a\x07", "application/vnd.rar", ".rar"],
];

/** Of types that are told by more than how they begin. */
const endings: Readonly<Record<string, string>> = {
  "image/png": ".png",
  "image/jpeg": ".jpg",
  "image/gif": ".gif",
  "image/webp": ".webp",
  "audio/wav": ".wav",
  "audio/mp4": ".m4a",
  "video/mp4": ".mp4",
  "video/quicktime": ".mov",
};

/** With its point; empty for a type whose files may be called anything. */
export function extensionOf(mime: string): string {
  return endings[mime] ?? magic.find(([, type]) => type === mime)?.[2] ?? "";
}

function readMagic(head: Buffer): Sniffed | null {
  const begin = head.toString("latin1", 0, 16);
  const known = magic.find(([bytes]) => begin.startsWith(bytes));
  return known === undefined ? null : { mime: known[1], extension: known[2] };
}

function readWords(head: Buffer): Sniffed | null {
  if (head.length === 0 || head.includes(0)) return null;
  // The last character may be cut.
  const words = new TextDecoder("utf-8", { fatal: true });
  for (let cut = 0; cut < 4; cut++) {
    try {
      words.decode(head.subarray(0, head.length - cut));
      return { mime: "text/plain", extension: ".txt" };
    } catch {
      continue;
    }
  }
  return null;
}

/** Requests to the Bot API that are wrong in some way, by chance; the same seed makes the same ones. Pure. */
import { deflateSync, gzipSync } from "node:zlib";
import type { Random } from "./random.ts";

/** As it goes over the wire; `cut`: the sender goes away after so many bytes. */
export interface MalformedCall {
  readonly bytes: Buffer;
  readonly cut?: number;
  /** For people. */
  readonly what: string;
}

interface Target {
  readonly token: string;
  readonly chatIds: readonly number[];
  readonly methods: readonly string[];
}

const words = [
  "",
  " ",
  "0",
  "-1",
  "1e999",
  "9".repeat(40),
  "true",
  "null",
  "[]",
  "{}",
  "[[]]",
  '{"a":',
  '[{"text":"a","callback_data":"b"}]',
  '{"inline_keyboard":[[{"text":"a","callback_data":"b"}]]}',
  '{"inline_keyboard":[[{"text":{},"url":"javascript:alert(1)"}]]}',
  '{"keyboard":[["a",{"text":"b","request_contact":1}]]}',
  '[{"type":"bold","offset":-5,"length":99999}]',
  '[{"type":"text_link","offset":0,"length":1,"url":"\\u0000"}]',
  '{"__proto__":{"x":1},"constructor":{"prototype":{}}}',
  "attach://file",
  "attach://",
  "http://127.0.0.1:1/x",
  "http://[::1]/",
  "file:///etc/passwd",
  "\0",
  "a\0b",
  "\ud800",
  "\ufeff",
  "😀".repeat(3),
  "<b><i>x</b></i>",
  "<a href='",
  "*_`[",
  "||x|| ~y~ [a](b",
  "%00%ff%",
  "../../../etc/passwd",
  "' or 1=1 --",
] as const;
const names = [
  "chat_id",
  "text",
  "parse_mode",
  "entities",
  "reply_markup",
  "reply_parameters",
  "reply_to_message_id",
  "message_id",
  "message_ids",
  "from_chat_id",
  "media",
  "photo",
  "document",
  "caption",
  "caption_entities",
  "question",
  "options",
  "latitude",
  "longitude",
  "phone_number",
  "first_name",
  "emoji",
  "action",
  "user_id",
  "permissions",
  "file_id",
  "commands",
  "scope",
  "language_code",
  "name",
  "title",
  "description",
  "reaction",
  "offset",
  "limit",
  "allowed_updates",
  "url",
  "secret_token",
  "callback_query_id",
  "inline_query_id",
  "menu_button",
  "consumer",
  "method",
  "__proto__",
] as const;
const modes = ["HTML", "Markdown", "MarkdownV2", "html", "None", "x"] as const;
const verbs = [
  ...Array.from({ length: 30 }, () => "POST"),
  "GET",
  "GET",
  "GET",
  "PUT",
  "HEAD",
  "DELETE",
  "OPTIONS",
  "get",
  "BREW",
];
/** Methods that would end the run, or wait for something to happen. */
const left: ReadonlySet<string> = new Set(["getupdates", "setwebhook"]);

type Pair = readonly [name: string, value: string];

export function malformedCall(random: Random, target: Target): MalformedCall {
  const method = methodOf(random, target);
  const pairs = pairsOf(random, target);
  const query = random.chance(0.3) ? `?${random.chance(0.5) ? formOf(pairs) : noiseText(random)}` : "";
  const path = `/bot${tokenOf(random, target)}/${method}${query.replaceAll(/[^\x21-\x7e]/g, "%")}`;
  const file = `/file/bot${tokenOf(random, target)}/${random.pick(["photos/x", "", "..%2f", "documents/BQAC"])}`;
  const { body, headers, what } = bodyOf(random, pairs);
  const verb = random.pick(verbs);
  const isBare = body.length === 0 && random.chance(0.5);
  const isChunked = !isBare && random.chance(0.2);
  const length = random.chance(0.05) ? String(body.length + random.integer(-3, 3)) : String(body.length);
  const lines = [
    `${verb} ${random.chance(0.05) ? file : path} HTTP/1.1`,
    "host: x",
    "connection: close",
    ...headers,
    ...(random.chance(0.1) ? [`idempotency-key: ${random.pick(["a", "a b", "x".repeat(65), "%00"])}`] : []),
    ...(random.chance(0.05) ? [`range: bytes=${random.pick(["0-", "-1", "9-1", "x"])}`] : []),
    ...(isBare ? [] : [isChunked ? "transfer-encoding: chunked" : `content-length: ${length}`]),
  ];
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
  const bytes = Buffer.concat([head, isBare ? Buffer.alloc(0) : isChunked ? chunked(random, body) : body]);
  const isCut = random.chance(0.05) || (!isChunked && !isBare && Number(length) > body.length);
  const cut = isCut ? random.integer(1, bytes.length) : undefined;
  return { bytes, what: `${verb} ${method} ${what}`, ...(cut === undefined ? {} : { cut }) };
}

function methodOf(random: Random, { methods }: Target): string {
  if (random.chance(0.05)) return random.pick(["", "fly", "%ff", "a".repeat(300), "getMe/x", "__proto__"]);
  const method = random.pick(methods);
  return left.has(method.toLowerCase()) ? "getMe" : method;
}

function tokenOf(random: Random, { token }: Target): string {
  if (random.chance(0.95)) return token;
  return random.pick(["", ":", "0:x", "1", `${token}x`, token.slice(0, -1), "%00", `1:${"a".repeat(200)}`]);
}

function pairsOf(random: Random, { chatIds }: Target): Pair[] {
  const pairs: Pair[] = random.chance(0.7) ? [["chat_id", String(random.pick(chatIds))]] : [];
  if (random.chance(0.5)) pairs.push(["message_id", String(random.integer(0, 5))]);
  if (random.chance(0.5)) pairs.push(["parse_mode", random.pick(modes)]);
  for (let count = random.below(6); count > 0; count--) {
    pairs.push([random.pick(names), random.chance(0.1) ? noiseText(random) : random.pick(words)]);
  }
  return pairs;
}

function formOf(pairs: readonly Pair[]): string {
  return pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join("&");
}

function jsonOf(random: Random, pairs: readonly Pair[]): string {
  const parts = pairs.map(([name, value]) => {
    const isJson = /^[[{]/.test(value) && random.chance(0.7);
    return `${JSON.stringify(name)}:${isJson ? value : JSON.stringify(value)}`;
  });
  const text = `{${parts.join(",")}}`;
  return random.chance(0.1) ? "[".repeat(random.below(50_000)) : text;
}

function partsOf(random: Random, pairs: readonly Pair[], boundary: string): Buffer {
  const end = random.chance(0.1) ? "" : `--${boundary}--\r\n`;
  const parts = pairs.map(([name, value]) => {
    const asFile = random.chance(0.2)
      ? `; filename="${random.pick(["a.png", "", "../x", "\0", "a\r\nb"])}"`
      : "";
    const gap = random.chance(0.1) ? "" : "\r\n\r\n";
    return `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${asFile}${gap}${value}\r\n`;
  });
  return Buffer.from(parts.join("") + end);
}

function bodyOf(
  random: Random,
  pairs: readonly Pair[],
): { readonly body: Buffer; readonly headers: readonly string[]; readonly what: string } {
  const boundary = random.pick(["b", "----x", "a".repeat(70)]);
  const shape = random.pick(["none", "form", "json", "json", "multipart", "multipart", "noise"] as const);
  const plain = {
    none: () => Buffer.alloc(0),
    form: () => Buffer.from(random.chance(0.2) ? noiseText(random) : formOf(pairs)),
    json: () => Buffer.from(jsonOf(random, pairs)),
    multipart: () => partsOf(random, pairs, boundary),
    noise: () => noise(random),
  }[shape]();
  const types = {
    none: "text/plain",
    form: "application/x-www-form-urlencoded",
    json: "application/json; charset=utf-8",
    multipart: `multipart/form-data; boundary=${random.chance(0.1) ? "other" : boundary}`,
    noise: random.pick([
      "multipart/form-data",
      "application/json",
      "multipart/form-data; boundary=",
      "x/y",
      ";",
    ]),
  };
  const headers = random.chance(0.05) ? [] : [`content-type: ${types[shape]}`];
  if (random.chance(0.85)) return { body: plain, headers, what: shape };
  const encoding = random.pick(["gzip", "deflate", "br", "gzip, gzip", "x", "identity"]);
  const packed = encoding === "gzip" ? gzipSync(plain) : encoding === "deflate" ? deflateSync(plain) : plain;
  const body = random.chance(0.3) ? packed.subarray(0, random.below(packed.length + 1)) : packed;
  return { body, headers: [...headers, `content-encoding: ${encoding}`], what: `${shape} ${encoding}` };
}

function chunked(random: Random, body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, 1 + random.below(2_000));
    pieces.push(
      Buffer.from(`${size.toString(16)}\r\n`),
      body.subarray(at, at + size),
      Buffer.from(random.chance(0.005) ? "zz" : "\r\n"),
    );
    at += size;
  }
  return Buffer.concat([...pieces, Buffer.from("0\r\n\r\n")]);
}

function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)));
}

function noiseText(random: Random): string {
  return noise(random).toString("latin1");
}

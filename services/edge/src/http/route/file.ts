import { createRoute, z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import { countFileBytes, type FileRow, mayReadFile } from "@rookery/store";
import { fileHeaders, readRange } from "../../file/file-answer.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { json, problem } from "../schema.ts";
import { idempotencyHeaders, text } from "../validation.ts";

const fileBytesMax = 50 * 1_048_576;
/** Of one person within a day. */
const dayBytesMax = 1_073_741_824;
const dayMs = 86_400_000;
/** At once on this edge: each may take as much of the disk as a file may have. */
const uploadsMax = 64;
const retryMs = 1_000;

const path = "/v1/files";
/** Bodies that are not read whole before a handler runs. */
export const uploads = {
  is: (method: string, asked: string): boolean => method === "POST" && asked === path,
  bytesMax: fileBytesMax,
};

const fileSchema = z
  .object({
    fileId: z.string(),
    kind: z.enum(["photo", "video", "audio", "document"]),
    name: z.string(),
    size: z.int(),
    mime: z.string().describe("By its first bytes, whatever was said"),
  })
  .openapi("File", { description: "As it stands in a message's `attachments`" });
const bytes = z.string().openapi({ format: "binary" });
const fileId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "names no file")
  .openapi({ example: "AAAAAAAAAAAAAAAAAAAAAA" });

/** Files of people: brought here, then named in messages, then read by whoever reads one of those. */
export function registerFileRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, files, now } = context;
  const needs = openNeeds(context);
  let coming = 0;

  const bring = createRoute({
    method: "post",
    path,
    summary:
      "Keeps a file, whose bytes are the body; it is somebody else's to read once it stands in a chat of theirs",
    ...needs("messages:write"),
    request: {
      query: z.object({
        name: text({ bytesMin: 1, bytesMax: 255 }).optional().describe("What it is called"),
      }),
      headers: idempotencyHeaders,
      body: { required: true, content: { "application/octet-stream": { schema: bytes } } },
    },
    responses: {
      200: json(fileSchema, "It was brought before, under this Idempotency-Key"),
      201: json(fileSchema, "The file"),
      409: problem,
      default: problem,
    },
  });
  app.openapi(bring, async (c) => {
    const { userId: ownerId } = c.get("principal");
    const { upload } = c.env;
    if (upload === undefined) throw new Fault("invalid", "the body is empty");
    if (coming >= uploadsMax) throw new Fault("overloaded", "too many files at once", { retryMs });
    const today = await countFileBytes(store, ownerId, now() - dayMs);
    if (today >= dayBytesMax) throw new Fault("rate_limited", "too much for one day", { retryMs: 3_600_000 });
    coming += 1;
    try {
      const incoming = await files.contents.receive(upload);
      try {
        if (incoming.size === 0) throw new Fault("invalid", "the body is empty");
        const { name } = c.req.valid("query");
        const key = c.req.valid("header")["idempotency-key"];
        const { isRepeat, ...file } = await files.keep(incoming, { ownerId, name, key });
        return c.json(bodyOf(file), isRepeat ? 200 : 201);
      } finally {
        await files.contents.discard(incoming);
      }
    } finally {
      coming -= 1;
    }
  });

  const read = createRoute({
    method: "get",
    path: `${path}/{fileId}`,
    summary: "A file that one brought, or that stands in a chat one may read",
    ...needs("messages:read"),
    request: {
      params: z.object({ fileId }),
      headers: z.object({ range: z.string().max(64).optional().describe("One range of bytes") }),
    },
    responses: {
      200: { description: "The file", content: { "*/*": { schema: bytes } } },
      206: { description: "A part of it", content: { "*/*": { schema: bytes } } },
      416: { description: "It is not as long" },
      default: problem,
    },
  });
  app.openapi(read, async (c) => {
    const by = c.get("principal");
    const file = await files.read(c.req.valid("param").fileId);
    const mayRead = file !== null && (file.ownerId === by.userId || (await mayReadFile(store, file.id, by)));
    if (!mayRead) throw new Fault("not_found", "there is no such file");
    const part = readRange(c.req.valid("header").range ?? "", file.size);
    if (part === "outside") return c.body(null, 416, { "content-range": `bytes */${file.size}` });
    const source = await files.contents.open(file.digest, part ?? undefined);
    if (source === null) throw new Fault("not_found", "there is no such file");
    const length = part === null ? file.size : part.end - part.start + 1;
    if (c.env.send === undefined) source.destroy();
    c.env.send?.({ source, length });
    const headers = Object.fromEntries(fileHeaders(file));
    if (part === null) return c.body(null, 200, headers);
    return c.body(null, 206, { ...headers, "content-range": `bytes ${part.start}-${part.end}/${file.size}` });
  });
}

function bodyOf({ id, name, size, mime }: FileRow): z.infer<typeof fileSchema> {
  const [kind] = mime.split("/");
  const shown = kind === "image" ? "photo" : kind === "video" || kind === "audio" ? kind : "document";
  return { fileId: id, kind: shown, name: name ?? "file", size, mime };
}

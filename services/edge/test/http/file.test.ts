/** Files of people, over a real server: who brings them, who reads them, and how they travel. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { after, describe, it } from "node:test";
import { directKey, reserveChat } from "@rookery/store";
import { openAdapter } from "../../src/http/adapter.ts";
import { openClientAddress } from "../../src/http/peer.ts";
import { uploads } from "../../src/http/route/file.ts";
import { openEdgeFixture, rowWriter } from "../edge-fixture.ts";
import { openUwsServer } from "../uws-server.ts";

const edge = await openEdgeFixture(rowWriter);
const adapter = openAdapter({
  fetch: (request, connection) => edge.app.fetch(request, connection),
  clientAddress: openClientAddress({ networks: [], header: "x-forwarded-for" }),
  bodyBytesMax: 1_048_576,
  uploads,
  requestsMax: 100,
  log: edge.context.log,
});
const server = await openUwsServer((app) => app.any("/*", adapter.handle));
after(async () => {
  await adapter.idle();
  server.close();
  await edge.close();
});
const [ada, bob, eve] = [await edge.person(), await edge.person(), await edge.person()];
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

interface FileBody {
  readonly fileId: string;
  readonly kind: string;
  readonly name: string;
  readonly size: number;
  readonly mime: string;
  readonly code?: string;
}

const by = ({ token }: { token: string }) => ({ authorization: `Bearer ${token}` });

async function bring(
  who: { token: string },
  bytes: Uint8Array,
  { name = "", key }: { name?: string; key?: string } = {},
): Promise<{ status: number; body: FileBody }> {
  const query = name === "" ? "" : `?name=${encodeURIComponent(name)}`;
  const headers = { ...by(who), ...(key === undefined ? {} : { "idempotency-key": key }) };
  const body = new Uint8Array(bytes);
  const response = await fetch(`${server.url}/v1/files${query}`, { method: "POST", headers, body });
  return { status: response.status, body: (await response.json()) as FileBody };
}

const fetchFile = (who: { token: string }, fileId: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/v1/files/${fileId}`, { headers: { ...by(who), ...headers } });

async function directChat(one: { id: number }, other: { id: number }): Promise<number> {
  const id = await reserveChat(edge.store, directKey(one.id, other.id));
  const members = [one, other].map(({ id: userId }) => ({ userId, role: "member" as const }));
  const birth = { type: "direct", title: null, members } as const;
  await submit(id, one.id, { kind: "create", birth });
  return id;
}

type Command = Parameters<typeof edge.context.commands.submit>[0]["command"];
const submit = (chatId: number, senderId: number, command: Command) =>
  edge.context.commands.submit(
    {
      actor: { kind: "chat", id: chatId },
      senderId,
      uuid: randomBytes(8).toString("hex"),
      source: "rest",
      command,
    },
    { timeoutMs: 1_000 },
  );

/** The row writer keeps no attachments: the row is completed here. */
async function attach(chatId: number, sender: { id: number }, fileId: string): Promise<void> {
  await submit(chatId, sender.id, { kind: "send", messageKind: "photo", body: "" });
  const detail = JSON.stringify({ attachments: [{ fileId, kind: "photo" }] });
  await edge.store.query("update message set detail = $2 where chat_id = $1", [chatId, detail]);
}

describe("files of people", () => {
  it("a file is told by its bytes, and is its owner's to read", async () => {
    const { status, body } = await bring(ada, png, { name: "../a b.html" });
    assert.equal(status, 201);
    const { fileId, ...rest } = body;
    assert.deepEqual(rest, { kind: "photo", name: "a b.html", size: png.length, mime: "image/png" });
    const response = await fetchFile(ada, fileId);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "image/png");
    assert.match(
      response.headers.get("content-disposition") ?? "",
      /^attachment; filename\*=UTF-8''a%20b.html$/,
    );
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), png);
  });

  it("a name that is too long keeps its end, in whole characters", async () => {
    const { files } = edge.context;
    const incoming = await files.contents.receive(Readable.from([png]));
    // A byte too many, and the first character is a pair of UTF-16 units.
    const name = `😀${"x".repeat(252)}`;
    const kept = await files.keep(incoming, { ownerId: ada.id, name });
    assert.equal(kept.name, "x".repeat(252));
  });

  it("others read it once it stands in a chat of theirs, and no longer when it is deleted", async () => {
    const { body } = await bring(ada, png);
    assert.equal((await fetchFile(bob, body.fileId)).status, 404);
    const chatId = await directChat(ada, bob);
    await attach(chatId, ada, body.fileId);
    assert.equal((await fetchFile(bob, body.fileId)).status, 200);
    assert.equal((await fetchFile(eve, body.fileId)).status, 404);
    const nobody = await fetch(`${server.url}/v1/files/${body.fileId}`);
    assert.equal(nobody.status, 401);
    await edge.store.query("update message set deleted_at = 1 where chat_id = $1", [chatId]);
    assert.equal((await fetchFile(bob, body.fileId)).status, 404);
  });

  it("a large file goes up and down whole, in part, and by its head alone", async () => {
    const bytes = randomBytes(9 * 1_048_576 + 13);
    const { status, body } = await bring(ada, bytes);
    assert.equal(status, 201);
    assert.equal(body.mime, "application/octet-stream");
    const whole = Buffer.from(await (await fetchFile(ada, body.fileId)).arrayBuffer());
    const digest = (data: Buffer): string => createHash("sha256").update(data).digest("hex");
    assert.equal(digest(whole), digest(bytes));
    const part = await fetchFile(ada, body.fileId, { range: "bytes=1048570-2097160" });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get("content-range"), `bytes 1048570-2097160/${bytes.length}`);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(1_048_570, 2_097_161));
    assert.equal((await fetchFile(ada, body.fileId, { range: `bytes=${bytes.length}-` })).status, 416);
    const head = await fetch(`${server.url}/v1/files/${body.fileId}`, { method: "HEAD", headers: by(ada) });
    assert.equal(head.headers.get("content-length"), String(bytes.length));
  });

  it("[L3] a repeat under its key is the same file; another under that key is a conflict", async () => {
    const first = await bring(ada, png, { key: "one" });
    const again = await bring(ada, png, { key: "one" });
    assert.deepEqual([first.status, again.status], [201, 200]);
    assert.deepEqual(again.body, first.body);
    const other = await bring(ada, randomBytes(5), { key: "one" });
    assert.deepEqual([other.status, other.body.code], [409, "conflict"]);
    assert.notEqual((await bring(bob, png, { key: "one" })).body.fileId, first.body.fileId);
  });

  it("[L7] too long, empty, a name that is none: refused, and the sender hears why", async () => {
    const long = await bring(ada, Buffer.alloc(51 * 1_048_576));
    assert.deepEqual([long.status, long.body.code], [413, "too_large"]);
    assert.equal((await bring(ada, new Uint8Array())).status, 400);
    const stranger = await fetch(`${server.url}/v1/files`, { method: "POST", body: png });
    assert.equal(stranger.status, 401);
    for (const fileId of ["nothing", "a.b", "A".repeat(65)]) {
      assert.ok([400, 404].includes((await fetchFile(ada, fileId)).status), fileId);
    }
  });

  it("[L7] what one person brings within a day is bounded", async () => {
    const rich = await edge.person();
    const { body } = await bring(rich, png);
    await edge.store.query("update file set size = 1073741824 where id = $1", [body.fileId]);
    const refused = await bring(rich, png);
    assert.deepEqual([refused.status, refused.body.code], [429, "rate_limited"]);
  });

  it("a client that goes away in the middle leaves nothing behind", async () => {
    const { body } = await bring(ada, randomBytes(9 * 1_048_576));
    const gone = new AbortController();
    const response = await fetch(`${server.url}/v1/files/${body.fileId}`, {
      headers: by(ada),
      signal: gone.signal,
    });
    assert.equal(response.status, 200);
    gone.abort();
    await adapter.idle();
  });
});

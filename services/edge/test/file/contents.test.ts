/** The bytes of files, wherever they lie: one suite for the folder and for a bucket. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after, describe, it } from "node:test";
import { Fault } from "@rookery/protocol";
import { ConfigError, type Log, openLog } from "@rookery/runtime";
import { openBucket, readBucketConfig } from "../../src/file/bucket.ts";
import { type FileContents, openFolderContents } from "../../src/file/contents.ts";
import { openBucketServer } from "./bucket-server.ts";

const root = await mkdtemp(join(tmpdir(), "rookery-contents-"));
const log = openLog("test", { LOG_LEVEL: "silent" });
const keys = { region: "eu-north-1", accessKeyId: "ROOK", secretAccessKey: "a secret / with + signs" };
const server = await openBucketServer(keys);
after(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});
const bucket = { ...keys, endpoint: server.url, bucket: "rookery", prefix: "people/" };

const stores: Readonly<Record<string, (folder: string) => Promise<FileContents>>> = {
  "a folder": openFolderContents,
  "a bucket": (folder) => openBucket(bucket, { folder, log }),
};

for (const [name, open] of Object.entries(stores)) {
  describe(`files in ${name}`, () => {
    const folder = join(root, name);
    let contents: FileContents;
    after(() => contents.close());

    it("what was kept is found by its digest, whole and in parts; what was not is not", async () => {
      contents = await open(folder);
      const bytes = randomBytes(3 * 1_048_576 + 17);
      const incoming = await contents.receive(
        Readable.from([bytes.subarray(0, 1_000), bytes.subarray(1_000)]),
      );
      assert.deepEqual(
        [incoming.size, incoming.digest],
        [bytes.length, createHash("sha256").update(bytes).digest()],
      );
      assert.equal(await contents.open(incoming.digest), null, "not there before it is kept");
      await contents.keep(incoming);
      const read = async (range?: { start: number; end: number }) => {
        const source = await contents.open(incoming.digest, range);
        return source === null ? null : await buffer(source);
      };
      // Not deepEqual, which takes minutes to tell how millions of bytes differ.
      assert.ok((await read())?.equals(bytes));
      for (const [start, end] of [
        [0, 0],
        [5, 99_999],
        [bytes.length - 3, bytes.length - 1],
        [0, bytes.length - 1],
      ] as const) {
        assert.ok((await read({ start, end }))?.equals(bytes.subarray(start, end + 1)), `${start}-${end}`);
      }
      const again = await contents.receive(Readable.from([bytes]));
      await contents.keep(again);
      assert.ok((await read())?.equals(bytes), "kept twice, it is there once more");
      assert.deepEqual(await readdir(join(folder, "coming")), [], "nothing is left of what came");
    });

    it("what breaks off or is thrown away leaves nothing", async () => {
      const broken = Readable.from(
        (async function* () {
          yield Buffer.from("half");
          await Promise.reject(new Error("the line is cut"));
        })(),
      );
      await assert.rejects(contents.receive(broken), /cut/);
      const unwanted = await contents.receive(Readable.from([Buffer.from("unwanted")]));
      await contents.discard(unwanted);
      await contents.discard(unwanted);
      assert.equal(await contents.open(unwanted.digest), null);
      assert.deepEqual(await readdir(join(folder, "coming")), []);
    });

    it("an empty file is a file", async () => {
      const incoming = await contents.receive(Readable.from([]));
      await contents.keep(incoming);
      const source = await contents.open(incoming.digest);
      assert.equal(source === null ? -1 : (await buffer(source)).length, 0);
    });
  });
}

describe("a bucket", () => {
  it("has one object for each file, however often it was kept, under its prefix", () => {
    const names = [...server.objects].map(([path, bytes]) => {
      const digest = createHash("sha256").update(bytes).digest("hex");
      assert.equal(path, `/rookery/people/${digest}`);
      return path;
    });
    assert.equal(names.length, 2);
  });

  const unavailable = (error: unknown): boolean =>
    error instanceof Fault && error.code === "unavailable" && !error.message.includes("127.0.0.1");

  it("is not opened by another's key, and what could not be kept is still there to be tried again", async () => {
    const folder = join(root, "another");
    const contents = await openBucket({ ...bucket, secretAccessKey: "guessed" }, { folder, log });
    const incoming = await contents.receive(Readable.from([Buffer.from("mine")]));
    await assert.rejects(contents.keep(incoming), unavailable);
    await assert.rejects(contents.open(incoming.digest), unavailable);
    assert.equal((await readdir(join(folder, "coming"))).length, 1);
    await contents.close();
  });

  it("that does not answer is unavailable, and says nothing of where it is", async () => {
    const folder = join(root, "nowhere");
    const contents = await openBucket({ ...bucket, endpoint: "http://127.0.0.1:1" }, { folder, log });
    await assert.rejects(contents.open(Buffer.alloc(32)), unavailable);
    await contents.close();
  });

  it("that is away is one warning a second, however many ask", async () => {
    const lines: unknown[] = [];
    const told = { warn: (about: object) => void lines.push(about) } as unknown as Log;
    const options = { folder: join(root, "away"), log: told };
    const contents = await openBucket({ ...bucket, endpoint: "http://127.0.0.1:1" }, options);
    const startMs = performance.now();
    const asked = Array.from({ length: 50 }, () => contents.open(Buffer.alloc(32)));
    const answers = await Promise.allSettled(asked);
    assert.ok(answers.every(({ status }) => status === "rejected"));
    const secondsBegun = Math.ceil((performance.now() - startMs) / 1_000);
    assert.ok(lines.length >= 1 && lines.length <= secondsBegun + 1, `${lines.length} warnings`);
    await contents.close();
  });

  it("is described by variables, and a wrong one is named", () => {
    const env = {
      FILES_S3_BUCKET: "rookery",
      FILES_S3_ENDPOINT: bucket.endpoint,
      FILES_S3_PREFIX: "people/",
      FILES_S3_REGION: keys.region,
      FILES_S3_ACCESS_KEY_ID: keys.accessKeyId,
      FILES_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
    };
    assert.deepEqual(readBucketConfig(env), bucket);
    assert.equal(readBucketConfig({}), null);
    for (const [variable, value] of [
      ["FILES_S3_BUCKET", "Not A Bucket"],
      ["FILES_S3_ENDPOINT", `${bucket.endpoint}/path`],
      ["FILES_S3_PREFIX", "../?"],
      ["FILES_S3_ACCESS_KEY_ID", undefined],
      ["FILES_S3_SECRET_ACCESS_KEY", undefined],
    ] as const) {
      const isNamed = (error: unknown): boolean =>
        error instanceof ConfigError && error.message.includes(variable);
      assert.throws(() => readBucketConfig({ ...env, [variable]: value }), isNamed, variable);
    }
  });
});

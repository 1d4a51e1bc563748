/** A backup of a cluster that is written to meanwhile, restored into a new one: what was acked before it is there, once. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { openCluster } from "./cluster.ts";
import { createDirect, expect, type Person, register } from "./rest.ts";

const main = fileURLToPath(new URL("../../../services/cli/src/main.ts", import.meta.url));
const commandMsMax = 120_000;
const keyFiles = ["jwt-key.pem", "master.key", "shards"];

async function rookery(...args: string[]): Promise<string> {
  const { DATABASE_URL: _d, NATS_URL: _n, REDIS_URL: _r, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], {
    env,
    timeout: commandMsMax,
  });
  return stdout;
}

describe("a backup", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rookery-backup-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "backup.gz");
  const restored = join(folder, "restored");
  let ann: Person;
  let chatId: number;
  let ackedBefore = 0;
  let endpointId: number;
  const endpoint = (): object => ({ url: "http://127.0.0.1:9/nobody", scope: "chat", chatId });

  const send = async (base: string, body: string, uuid?: string): Promise<number> => {
    const path = `/v1/chats/${chatId}/messages`;
    const { seq } = await expect<{ seq: number }>(201, base, "POST", path, {
      token: ann.token,
      body: { body, ...(uuid && { uuid }) },
    });
    return seq;
  };

  it("is taken while messages go on, in one snapshot", async () => {
    const cluster = await openCluster();
    try {
      const [one, bob] = await Promise.all([register(cluster.base, "ann"), register(cluster.base, "bob")]);
      ann = one;
      ({ id: chatId } = await createDirect(cluster.base, ann, bob));
      for (let index = 0; index < 30; index += 1)
        await send(cluster.base, `“${index}” \\ \u2028 🐦 ${"x".repeat(index * 50)}`);
      ackedBefore = await send(cluster.base, "the last before", "the-last-before");
      ({ id: endpointId } = await expect<{ id: number }>(201, cluster.base, "POST", "/v1/webhooks", {
        token: ann.token,
        body: endpoint(),
      }));
      let going = true;
      const writing = (async () => {
        while (going) await send(cluster.base, "meanwhile");
      })();
      const said = await rookery("backup", "--to", file, "--data", cluster.dataDir);
      going = false;
      await writing;
      assert.match(said, /2 users/);
      await mkdir(restored);
      for (const name of keyFiles) await copyFile(join(cluster.dataDir, name), join(restored, name));
      // Into a database that has something, and is in use, it does not go.
      await assert.rejects(
        rookery("restore", "--from", file, "--data", cluster.dataDir),
        /connected to this database/,
      );
    } finally {
      await cluster.close();
    }
  });

  it("that is not whole is refused and leaves nothing", async () => {
    const text = gunzipSync(await readFile(file)).toString("utf8");
    const half = join(folder, "half.gz");
    await writeFile(half, gzipSync(text.slice(0, Math.floor(text.length / 2))));
    await assert.rejects(rookery("restore", "--from", half, "--data", restored), /json|JSON|not whole/);
    const lines = text.split("\n").filter((line) => line !== "");
    const short = join(folder, "short.gz");
    await writeFile(short, gzipSync(`${lines.slice(0, -1).join("\n")}\n`));
    await assert.rejects(rookery("restore", "--from", short, "--data", restored), /not whole/);
    await assert.rejects(
      rookery("restore", "--from", join(restored, "shards"), "--data", restored),
      /header|no backup/,
    );
  });

  it("makes a cluster that goes on: logins, history, idempotence, the chat's next seq, over a log that is new", async () => {
    assert.match(
      await rookery("restore", "--from", file, "--data", restored),
      /restored \d+ rows .* 2 users/,
    );
    await assert.rejects(rookery("restore", "--from", file, "--data", restored), /not empty/);
    const cluster = await openCluster({ dataDir: restored });
    try {
      const items: { seq: number; body: string }[] = [];
      for (let from = 0; ; ) {
        const path = `/v1/chats/${chatId}/messages?after=${from}&limit=100`;
        const page = await expect<{ items: { seq: number; body: string }[] }>(
          200,
          cluster.base,
          "GET",
          path,
          {
            token: ann.token,
          },
        );
        if (page.items.length === 0) break;
        items.push(...page.items);
        from = page.items.at(-1)?.seq ?? 0;
      }
      assert.deepEqual(
        items.map(({ seq }) => seq),
        items.map((_, index) => index + 1),
        "no gap, nothing twice",
      );
      assert.ok(items.length >= ackedBefore, "all that was acked before it");
      assert.equal(items[ackedBefore - 1]?.body, "the last before");
      assert.equal(items[ackedBefore - 2]?.body, `“29” \\ \u2028 🐦 ${"x".repeat(29 * 50)}`);
      const path = `/v1/chats/${chatId}/messages`;
      const again = { token: ann.token, body: { body: "the last before", uuid: "the-last-before" } };
      const repeat = await expect<{ seq: number }>(200, cluster.base, "POST", path, again);
      assert.equal(repeat.seq, ackedBefore);
      assert.equal(await send(cluster.base, "goes on"), items.length + 1);
      const eve = await register(cluster.base, "eve");
      await createDirect(cluster.base, ann, eve);
    } finally {
      await cluster.close();
    }
  });

  it("without its keys makes a cluster too: logins go on by refresh, what was sealed is made anew", async () => {
    const keyless = join(folder, "keyless");
    await mkdir(keyless);
    await copyFile(join(restored, "shards"), join(keyless, "shards"));
    await rookery("restore", "--from", file, "--data", keyless);
    const cluster = await openCluster({ dataDir: keyless });
    try {
      await expect(401, cluster.base, "GET", "/v1/chats", { token: ann.token });
      const { accessToken: token } = await expect<{ accessToken: string }>(
        200,
        cluster.base,
        "POST",
        "/v1/auth/refresh",
        { body: { refreshToken: ann.refreshToken } },
      );
      ann = { ...ann, token };
      assert.ok((await send(cluster.base, "goes on without keys")) > ackedBefore);
      await expect(204, cluster.base, "DELETE", `/v1/webhooks/${endpointId}`, { token });
      await expect(201, cluster.base, "POST", "/v1/webhooks", { token, body: endpoint() });
    } finally {
      await cluster.close();
    }
  });
});

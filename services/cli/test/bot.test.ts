import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSecretBox, parseMasterKey } from "@rookery/auth";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { botSecretOwner, insertBot, insertUser, openStore, readSealedBot } from "@rookery/store";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const database = await openTestDatabase();
const store = openStore({
  url: database.url,
  name: "t",
  connectionsMax: 2,
  log: openLog("t", { LOG_LEVEL: "silent" }),
});
const folder = await mkdtemp(join(tmpdir(), "rookery-bot-"));
after(async () => {
  await store.end();
  await database.close();
  await rm(folder, { recursive: true });
});

const [oldKey, newKey, strange] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];
const file = (name: string) => join(folder, name);

function rookery(
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const env = { ...process.env, DATABASE_URL: database.url, MASTER_KEY_FILE: file("new") };
  return new Promise((resolve) => {
    execFile(main, ["bot", ...args], { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

test("bots are listed, and sealed under another key, all or none", async () => {
  await writeFile(file("old"), oldKey);
  await writeFile(file("new"), newKey);
  await writeFile(file("strange"), strange);
  const person = { email: null, displayName: "P", passwordHash: null, role: "member", createdMs: 1 } as const;
  const owner = await insertUser(store, { ...person, username: "owner", isBot: false });
  const { id } = await insertUser(store, { ...person, username: "sealed_bot", isBot: true });
  const before = openSecretBox(parseMasterKey(oldKey));
  await insertBot(store, {
    id,
    ownerId: owner.id,
    username: "sealed_bot",
    mode: "polling",
    token: before.sealSecret("1:token", botSecretOwner.token(id)),
    secret: before.sealSecret("hush", botSecretOwner.webhook(id)),
    secretDigest: Buffer.alloc(32),
    requestUuid: null,
    createdMs: 1,
  });
  assert.match((await rookery("list")).out, /sealed_bot +\d+ +polling +pending/);
  const refused = await rookery("rekey", "--old-key", file("strange"));
  assert.deepEqual([refused.code, /nothing was changed/.test(refused.err)], [1, true]);
  const done = await rookery("rekey", "--old-key", file("old"));
  assert.deepEqual([done.code, done.out.split(" ")[0]], [0, "1"], done.err);
  const sealed = await readSealedBot(store, "sealed_bot");
  assert.ok(sealed !== null);
  const now = openSecretBox(parseMasterKey(newKey));
  assert.equal(now.openSecret(sealed.token, botSecretOwner.token(id)), "1:token");
  assert.equal(now.openSecret(sealed.secret, botSecretOwner.webhook(id)), "hush");
  assert.equal((await rookery("rekey", "--old-key", file("old"))).out.split(" ")[0], "0");
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openSecretBox, parseMasterKey, readMasterKey, readOldMasterKeys } from "@rookery/auth";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import {
  botSecretOwner,
  headersOwner,
  insertBot,
  insertUser,
  openStore,
  readProgram,
  readSealedBot,
  readWebhookDoor,
  writeServices,
} from "@rookery/store";

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
    execFile(main, args, { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

const person = { email: null, displayName: "P", passwordHash: null, role: "member", createdMs: 1 } as const;
await writeFile(file("old"), oldKey);
await writeFile(file("new"), newKey);
await writeFile(file("strange"), strange);
const owner = await insertUser(store, { ...person, username: "owner", isBot: false });
const [before, now] = [openSecretBox(parseMasterKey(oldKey)), openSecretBox(parseMasterKey(newKey))];

test("all secrets are sealed under another key, all or none", async () => {
  const { id } = await insertUser(store, { ...person, username: "sealed_bot", isBot: true });
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
  await writeServices(store, id, {}, before.sealSecret("{}", headersOwner(id)));
  assert.match((await rookery("bot", "list")).out, /sealed_bot +\d+ +polling +pending/);
  const refused = await rookery("rekey", "--old-key", file("strange"));
  assert.deepEqual([refused.code, /nothing was changed/.test(refused.err)], [1, true]);
  assert.equal((await rookery("rekey")).code, 1, "without an old key");
  const done = await rookery("rekey", "--old-key", `${file("strange")},${file("old")}`);
  assert.deepEqual([done.code, done.out.split(" ")[0]], [0, "1"], done.err);
  const sealed = await readSealedBot(store, "sealed_bot");
  const program = await readProgram(store, { id, ownerId: owner.id });
  assert.ok(sealed !== null && program !== null && program.headers !== null);
  assert.equal(now.openSecret(sealed.token, botSecretOwner.token(id)), "1:token");
  assert.equal(now.openSecret(sealed.secret, botSecretOwner.webhook(id)), "hush");
  assert.equal(now.openSecret(program.headers, headersOwner(id)), "{}");
  assert.equal((await rookery("rekey", "--old-key", file("old"))).out.split(" ")[0], "0");
});

test("a process opens what lies under the new key and under the old ones, and seals under the new one", async () => {
  const env = { MASTER_KEY_FILE: file("new"), MASTER_KEY_OLD_FILES: `${file("old")},${file("strange")}` };
  const both = openSecretBox(await readMasterKey(env), await readOldMasterKeys(env));
  for (const box of [before, now]) assert.equal(both.openSecret(box.sealSecret("s", "o"), "o"), "s");
  assert.equal(now.openSecret(both.sealSecret("s", "o"), "o"), "s");
  assert.deepEqual(await readOldMasterKeys({}), []);
});

test("[T1] bots are made, given another secret and deleted from the command line", async () => {
  const token = "123456:AAAA-bbbb_cccc";
  const about = ["--user", "owner", "--username", "lined_bot", "--mode", "polling"];
  assert.match((await rookery("bot", "create", ...about, "--token", "no token")).err, /--token must be/);
  const made = await rookery("bot", "create", ...about, "--token", token);
  const [, id = "", secret = ""] = /bot (\d+) created: lined_bot\n[^:]+: (\S+)/.exec(made.out) ?? [];
  assert.equal(made.code, 0, made.err);
  const sealed = await readSealedBot(store, "lined_bot");
  assert.ok(sealed !== null);
  assert.deepEqual([sealed.id, sealed.ownerId, sealed.mode], [Number(id), owner.id, "polling"]);
  assert.equal(now.openSecret(sealed.token, botSecretOwner.token(sealed.id)), token);
  assert.match((await rookery("bot", "create", ...about, "--token", token)).err, /username|taken/i);
  const rotated = await rookery("bot", "rotate", "Lined_Bot");
  const [, next = ""] = /: (\S+)\n$/.exec(rotated.out) ?? [];
  const door = await readWebhookDoor(store, "lined_bot");
  const digest = (text: string) => createHash("sha256").update(text).digest();
  assert.deepEqual([door?.secretDigest, door?.previousDigest], [digest(next), digest(secret)]);
  assert.match((await rookery("bot", "delete", id)).out, /deleted: lined_bot/);
  assert.equal(await readSealedBot(store, "lined_bot"), null);
  assert.match((await rookery("bot", "delete", id)).err, /there is no bot/);
});

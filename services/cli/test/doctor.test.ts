import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeSigningKey } from "@rookery/auth";
import { natsUrl, openTestDatabase, redisUrl } from "@rookery/kit";
import { findFolderOwner, lockFolder } from "@rookery/local";
import { encodeFindings, type Finding, refuseMissing } from "../src/doctor/finding.ts";
import {
  judgeDescriptors,
  judgeDisk,
  judgeFolder,
  judgeNode,
  judgePort,
  judgeSystem,
} from "../src/doctor/machine.ts";
import { judgeClock, judgeProgram, judgeVersion } from "../src/doctor/server.ts";
import { judgeKeyFile, judgePublicUrl } from "../src/doctor/setting.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const gibibyte = 1024 ** 3;
const folder = await mkdtemp(join(tmpdir(), "rookery-doctor-"));
after(() => rm(folder, { recursive: true, force: true }));

const how = { package: "nats-server", variable: "ROOKERY_NATS_SERVER", canUnpack: true };
const key = {
  variable: "MASTER_KEY_FILE",
  file: "/keys/master",
  mode: 0o600,
  refusal: undefined,
  isMade: false,
};
const home = { exists: true, writable: true, owner: undefined };

const judged: readonly (readonly [Finding, Finding["state"], RegExp])[] = [
  [judgeNode("v22.18.0"), "ok", /22\.18\.0/],
  [judgeNode("v24.1.0"), "ok", /24/],
  [judgeNode("v22.17.9"), "missing", /npm ci/],
  [judgeNode("v20.19.0"), "missing", /22\.18 or later/],
  [judgeSystem("linux", true), "ok", /setpriv/],
  [judgeSystem("linux", false), "warning", /util-linux/],
  [judgeSystem("darwin", true), "warning", /DATABASE_URL/],
  [judgeDescriptors(null), "ok", /no limit/],
  [judgeDescriptors(65_536), "ok", /65536/],
  [judgeDescriptors(4_096), "warning", /ulimit -n/],
  [judgeDescriptors(512), "missing", /ulimit -n/],
  [judgeDisk("/data", 10 * gibibyte), "ok", /10240 MiB/],
  [judgeDisk("/data", gibibyte), "warning", /make room/],
  [judgeDisk("/data", 1_000), "missing", /0 MiB free below \/data/],
  [judgePort("127.0.0.1", 8080, undefined, false), "ok", /free/],
  [judgePort("127.0.0.1", 8080, "EADDRINUSE", true), "ok", /a cluster of this folder runs/],
  [judgePort("127.0.0.1", 8080, "EADDRINUSE", false), "missing", /in use: give another with --port/],
  [judgePort("0.0.0.0", 80, "EACCES", true), "missing", /EACCES/],
  [judgeFolder("/data", home), "ok", /\/data/],
  [judgeFolder("/data", { ...home, exists: false }), "ok", /made at the first start/],
  [judgeFolder("/data", { ...home, writable: false }), "missing", /cannot be written/],
  [judgeFolder("/data", { ...home, exists: false, writable: false }), "missing", /cannot be made/],
  [judgeFolder("/data", { ...home, owner: "42" }), "warning", /pid 42/],
  [judgeVersion("NATS_URL", "2.10.27", [2, 10]), "ok", /2\.10\.27/],
  [judgeVersion("NATS_URL", "3.0.0", [2, 10]), "ok", /3\.0\.0/],
  [judgeVersion("NATS_URL", "2.9.1", [2, 10]), "missing", /2\.10 or later is needed/],
  [judgeVersion("NATS_URL", undefined, [2, 10]), "missing", /not the server it should be/],
  [judgeClock(-1_500), "ok", /1\.5 s/],
  [judgeClock(4_000), "warning", /behind/],
  [judgeClock(-4_000), "warning", /ahead of/],
  [judgeProgram("nats-server", { path: "/bin/n", version: "2.10.1" }, how), "ok", /2\.10\.1, \/bin\/n/],
  [judgeProgram("nats-server", undefined, how), "warning", /apt-get install nats-server/],
  [judgeProgram("nats-server", undefined, { ...how, canUnpack: false }), "missing", /ROOKERY_NATS_SERVER/],
  [judgeKeyFile(key), "ok", /\/keys\/master/],
  [judgeKeyFile({ ...key, mode: undefined, isMade: true }), "ok", /made at the first start/],
  [judgeKeyFile({ ...key, mode: undefined }), "missing", /MASTER_KEY_FILE=\/keys\/master is not there/],
  [judgeKeyFile({ ...key, refusal: "MASTER_KEY_FILE is short" }), "missing", /is short: give it back/],
  [judgeKeyFile({ ...key, mode: 0o644 }), "warning", /chmod 600 \/keys\/master/],
  [judgePublicUrl(""), "ok", /not set/],
  [judgePublicUrl("https://chat.example.com"), "ok", /chat\.example\.com/],
  [judgePublicUrl("http://127.0.0.1:8080"), "ok", /this machine alone/],
  [judgePublicUrl("http://chat.example.com"), "warning", /not https/],
  [judgePublicUrl("https://chat.example.com:9000"), "warning", /8443 only/],
  [judgePublicUrl("chat.example.com"), "missing", /no URL/],
  [judgePublicUrl("ftp://chat.example.com"), "missing", /neither http nor https/],
  [judgePublicUrl("https://chat.example.com/?a=b"), "missing", /more than host, port and path/],
];

test("[I7] each finding says whether it prevents a start, and what to do", () => {
  for (const [finding, state, said] of judged) {
    const [line = ""] = encodeFindings([finding]);
    assert.equal(finding.state, state, line);
    assert.match(line, said);
    assert.ok(line.startsWith(state) && !line.includes("\n"));
    assert.equal(finding.todo === "", state === "ok", line);
  }
});

test("[I7] what is missing refuses a start in the same words", () => {
  refuseMissing([judgeNode("v24.0.0"), judgeDescriptors(4_096)]);
  assert.throws(
    () => refuseMissing([judgeDescriptors(4_096), judgePublicUrl("x")]),
    /PUBLIC_URL=x is no URL: give the URL/,
  );
});

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function rookery(command: string, env: Record<string, string>, ...args: string[]): Promise<Run> {
  const { DATABASE_URL: _d, NATS_URL: _n, REDIS_URL: _r, ROOKERY_DATA: _f, ...rest } = process.env;
  return new Promise((resolve) => {
    execFile(
      main,
      [command, ...args],
      { env: { ...rest, PORT: "0", ...env }, timeout: 120_000 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

async function examine(env: Record<string, string>): Promise<{ code: number; of: Map<string, Finding> }> {
  const { code, out, err } = await rookery("doctor", env, "--json");
  assert.equal(err, "");
  const findings = JSON.parse(out) as Finding[];
  return { code, of: new Map(findings.map((each) => [each.name, each])) };
}

test("[I7] servers that are named are reached and asked their version, and the clocks compared", async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  const dataDir = join(folder, "new");
  const { code, of } = await examine({
    ROOKERY_DATA: dataDir,
    DATABASE_URL: database.url,
    NATS_URL: await natsUrl(),
    REDIS_URL: await redisUrl(),
  });
  for (const name of ["DATABASE_URL", "NATS_URL", "REDIS_URL", "clock", "node"])
    assert.equal(of.get(name)?.state, "ok", `${name}: ${of.get(name)?.text}`);
  for (const name of ["DATABASE_URL", "NATS_URL", "REDIS_URL"])
    assert.match(of.get(name)?.text ?? "", /answers, \d+\.\d+/);
  assert.equal(code, 0);
  await assert.rejects(access(dataDir), "nothing is made");
});

test("[I7] what does not answer, or is another server, or is wrong, is missing, and the exit is 1", async (t) => {
  const silent = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end("220 mail.example.com\r\n");
  });
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  const address = silent.address();
  assert.ok(address !== null && typeof address !== "string");
  const { port } = address;
  const [wrong, loose] = [join(folder, "wrong.pem"), join(folder, "loose.key")];
  await writeFile(wrong, "nonsense", { mode: 0o600 });
  await writeFile(loose, randomBytes(32));
  await chmod(loose, 0o644);
  const { code, of } = await examine({
    ROOKERY_DATA: folder,
    PORT: String(port),
    DATABASE_URL: "postgres://x:secretword@127.0.0.1:1/x",
    NATS_URL: `nats://127.0.0.1:${port}`,
    REDIS_URL: `redis://127.0.0.1:${port}`,
    JWT_PRIVATE_KEY_FILE: wrong,
    MASTER_KEY_FILE: loose,
    PUBLIC_URL: "nowhere",
  });
  assert.equal(code, 1);
  const missing = [...of.values()].filter(({ state }) => state === "missing").map(({ name }) => name);
  assert.deepEqual(
    new Set(missing),
    new Set([`port ${port}`, "DATABASE_URL", "NATS_URL", "REDIS_URL", "JWT_PRIVATE_KEY_FILE", "PUBLIC_URL"]),
  );
  assert.equal(of.get("MASTER_KEY_FILE")?.state, "warning");
  assert.ok(!JSON.stringify([...of.values()]).includes("secretword"));
});

test("[I7] without named servers their programs are looked for, and a named one that is none is missing", async () => {
  const { of } = await examine({ ROOKERY_DATA: folder, ROOKERY_REDIS_SERVER: "/bin/true" });
  assert.equal(of.get("postgres")?.state, "ok");
  // The run's own, which it hands to its tests.
  assert.equal(of.get("nats-server")?.state, "ok", of.get("nats-server")?.text);
  assert.match(of.get("redis-server")?.text ?? "", /ROOKERY_REDIS_SERVER=\/bin\/true does not run/);
  assert.equal(of.get("redis-server")?.state, "missing");
});

test("[I7] who holds the data folder is found without taking it", async () => {
  assert.equal(await findFolderOwner(folder), undefined);
  const lock = await lockFolder(folder);
  assert.equal(await findFolderOwner(folder), String(process.pid));
  const { of } = await examine({ ROOKERY_DATA: folder });
  assert.match(of.get("data folder")?.text ?? "", new RegExp(`pid ${process.pid}`));
  await lock.close();
  assert.equal(await findFolderOwner(folder), undefined);
  assert.equal(await findFolderOwner(join(folder, "nothing")), undefined);
});

test("[I7] a start that lacks a key says what doctor says, before it starts anything", async () => {
  const dataDir = join(folder, "start");
  const jwt = join(folder, "jwt.pem");
  await writeFile(jwt, makeSigningKey(), { mode: 0o600 });
  const env = { ROOKERY_DATA: dataDir, JWT_PRIVATE_KEY_FILE: jwt, MASTER_KEY_FILE: join(folder, "gone.key") };
  const { code, out, err } = await rookery("up", env);
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /^rookery up: MASTER_KEY_FILE=.*gone\.key is not there: name the key, or unset it/m);
  await assert.rejects(access(join(dataDir, "postgres")), "no server was begun");
});

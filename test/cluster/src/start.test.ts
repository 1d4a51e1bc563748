/** One command starts everything, and whatever ends it leaves nothing behind that the next start trips over. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "@rookery/kit";
import { freePorts, type Launch, launch, parentOf } from "./launch.ts";
import { isAlive, processesNaming } from "./process-table.ts";
import { createDirect, login, type Person, readHistory, register } from "./rest.ts";
import { openSocket } from "./socket.ts";

/** CONTRACT §1 and issue 2: an orphan lives no longer. */
const orphanMs = 5_000;

describe("npm start", () => {
  let folder: string;
  let port: number;
  let base: string;
  let running: Launch | undefined;
  let ann: Person;
  let bob: Person;
  let chatId: number;
  let said = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rookery-start-"));
    port = await freePorts(2);
    base = `http://127.0.0.1:${port}`;
  });
  after(async () => {
    running?.signalGroup("SIGTERM");
    await running?.exited;
    const left = processesNaming(folder);
    rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(left, []);
  });

  const args = (...more: string[]): string[] => [
    `--data=${folder}`,
    `--port=${port}`,
    "--shards=8",
    "--rate-limits=off",
    ...more,
  ];

  async function start(...more: string[]): Promise<Launch> {
    running = launch(args(...more));
    await running.ready();
    return running;
  }

  async function gone(withinMs: number): Promise<void> {
    await until(() => processesNaming(folder).length === 0, { withinMs }).catch(() => undefined);
    assert.deepEqual(processesNaming(folder), [], `processes are left after ${withinMs} ms`);
  }

  /** A message goes through, and all that was said before is there. */
  async function works(): Promise<void> {
    const socket = await openSocket({ base, token: ann.token });
    const ack = await socket.say(chatId, `said-${++said}`);
    assert.equal(ack.seq, said);
    const { items } = await readHistory(base, bob, chatId);
    assert.deepEqual(
      items.map(({ uuid }) => uuid),
      Array.from({ length: said }, (_, index) => `said-${index + 1}`),
    );
    await socket.close();
  }

  it("prints the ready line and the pids line, one behind the other, and tells what it is doing", async () => {
    const launched = await start("--edges", "2", "--couriers", "1");
    const lines = launched.stdout();
    const at = lines.indexOf(`rookery ready ${base} http://127.0.0.1:${port + 1}`);
    assert.ok(at >= 0, lines.join("\n"));
    assert.match(
      lines[at + 1] ?? "",
      /^pids edge=\d+,\d+ worker=\d+ courier=\d+ postgres=\d+ nats=\d+ redis=\d+$/,
    );
    const pids = Object.values(launched.pids()).flat();
    assert.equal(new Set(pids).size, 7);
    assert.ok(pids.every(isAlive));
    assert.match(launched.stderr(), /postgres/i);
    assert.match(launched.stderr(), /nats/i);
    assert.match(launched.stderr(), /redis|valkey/i);
    [ann, bob] = await Promise.all([register(base, "ann"), register(base, "bob")]);
    chatId = (await createDirect(base, ann, bob)).id;
    await works();
    for (const edge of [base, `http://127.0.0.1:${port + 1}`]) {
      assert.equal((await fetch(`${edge}/health/ready`)).status, 200);
      assert.equal((await fetch(`${edge}/health/live`)).status, 200);
    }
  });

  it("refuses a second start on the live folder with exit 1 and the pid of the first", async () => {
    const first = running as Launch;
    const supervisor = parentOf(first.pids()["edge"]?.[0] as number);
    const second = launch(["--data", folder, "--port", String(await freePorts(1))]);
    assert.equal((await second.exited).code, 1);
    assert.match(second.stderr(), new RegExp(`\\b${supervisor}\\b`));
    await works();
  });

  it("Ctrl-C ends it with exit 0 and leaves no process", async () => {
    const launched = running as Launch;
    launched.signalGroup("SIGINT");
    assert.deepEqual(await launched.exited, { code: 0, signal: null });
    await gone(0);
    running = undefined;
  });

  it("a second start finds accounts, tokens and history", async () => {
    await start();
    await works();
    assert.equal((await login(base, ann)).userId, ann.userId);
  });

  it("refuses another number of shards for the same folder, naming it", async () => {
    const launched = running as Launch;
    launched.signalGroup("SIGTERM");
    assert.equal((await launched.exited).code, 0);
    await gone(0);
    running = undefined;
    const other = launch(["--data", folder, "--port", String(port), "--shards", "16"]);
    assert.equal((await other.exited).code, 1);
    assert.match(other.stderr(), /shards/i);
    await gone(0);
  });

  for (const victim of ["worker", "courier", "edge", "redis", "nats", "postgres"]) {
    it(`[L10] a killed ${victim} comes back, its new pid is printed and the cluster works`, async () => {
      const launched = running ?? (await start());
      const before = launched.pids();
      const pid = before[victim]?.[0] as number;
      process.kill(pid, "SIGKILL");
      await until(() => launched.pids()[victim]?.[0] !== pid, { withinMs: 20_000 });
      const fresh = launched.pids()[victim]?.[0] as number;
      assert.ok(isAlive(fresh) && !isAlive(pid));
      await until(async () => (await fetch(`${base}/health/ready`).catch(() => undefined))?.status === 200, {
        withinMs: 20_000,
      });
      await works();
    });
  }

  it("kill -9 of the supervisor leaves no orphan after 5 s, and the next start repairs what it left", async () => {
    const launched = running as Launch;
    const supervisor = parentOf(launched.pids()["edge"]?.[0] as number);
    process.kill(supervisor, "SIGKILL");
    await gone(orphanMs);
    await launched.exited;
    await start();
    await works();
  });

  it("kill -9 of npm itself leaves no orphan after 5 s either", async () => {
    const launched = running as Launch;
    process.kill(launched.pid, "SIGKILL");
    await gone(orphanMs);
    await launched.exited;
    running = undefined;
  });

  it("kill -9 of everything at once is repaired by the next start", async () => {
    const launched = await start();
    const pids = Object.values(launched.pids()).flat();
    launched.signalGroup("SIGKILL");
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended with its parent, as it should.
      }
    }
    await gone(orphanMs);
    await start();
    await works();
    (running as Launch).signalGroup("SIGINT");
    assert.equal((await (running as Launch).exited).code, 0);
    running = undefined;
    await gone(0);
  });

  it("a port in use, a database out of reach and an unknown flag end the start with 1 and their name", async () => {
    const squatter = createServer().listen(port, "127.0.0.1");
    await once(squatter, "listening");
    try {
      const taken = launch(args());
      assert.equal((await taken.exited).code, 1);
      assert.match(taken.stderr(), new RegExp(String(port)));
    } finally {
      squatter.close();
    }
    const unreachable = launch(args(), { DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing" });
    assert.equal((await unreachable.exited).code, 1);
    assert.match(unreachable.stderr(), /DATABASE_URL|database/i);
    const unknown = launch(args("--sharks", "8"));
    assert.equal((await unknown.exited).code, 1);
    assert.match(unknown.stderr(), /sharks/);
    assert.match(unknown.stderr(), /--shards/);
    await gone(0);
  });

  it("--help lists the commands", async () => {
    const cwd = fileURLToPath(new URL("../../..", import.meta.url));
    const { stdout } = await promisify(execFile)("npx", ["--no-install", "rookery", "--help"], { cwd });
    for (const command of ["up", "migrate", "user"]) assert.match(stdout, new RegExp(`\\b${command}\\b`));
  });
});

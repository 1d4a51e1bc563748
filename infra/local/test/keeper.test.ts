import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { type KeeperOptions, keep, type Program } from "../src/keeper.ts";
import { signalQuietly } from "../src/process-table.ts";
import { readTether } from "../src/tether.ts";
import { areGone, within } from "./starter.ts";

const tether = readTether();

function program(script: string, changes: Partial<Program> = {}): Program {
  return {
    name: "rook",
    command: { command: process.execPath, args: ["-e", script] },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    deathSignal: "KILL",
    ready: async (child, signal) => {
      await once(child, "message", { signal });
    },
    readyMsMax: 10_000,
    stopSignal: "SIGTERM",
    stopMsMax: 10_000,
    ...changes,
  };
}

function watch(restartMs = 10): { pids: number[]; downs: string[]; options: KeeperOptions } {
  const pids: number[] = [];
  const downs: string[] = [];
  const options = {
    tether,
    restartMs,
    onUp: (pid: number) => void pids.push(pid),
    onDown: (reason: string) => void downs.push(reason),
  };
  return { pids, downs, options };
}

const serves = "process.send('ready'); setInterval(() => {}, 1000)";

test("the pid of the keeper is the pid of the program itself", async (t) => {
  const { options, pids } = watch();
  const keeper = keep(
    program("process.send(process.pid); setInterval(() => {}, 1000)", {
      ready: async (child, signal) => {
        const [pid]: unknown[] = await once(child, "message", { signal });
        assert.equal(pid, child.pid);
      },
    }),
    options,
  );
  t.after(() => keeper.close());
  await keeper.started;
  assert.deepEqual(pids, [keeper.pid]);
});

test("one that ends is started again, until it is closed", async () => {
  const { options, pids, downs } = watch();
  const keeper = keep(program(serves), options);
  await keeper.started;
  signalQuietly(keeper.pid ?? 0, "SIGKILL");
  await within(10_000, async () => await Promise.resolve(pids.length === 2));
  assert.deepEqual(downs, ["was ended by SIGKILL"]);
  await keeper.close();
  assert.ok(await areGone(pids));
  assert.equal(pids.length, 2);
});

test("a first start that fails rejects and is not repeated", async () => {
  const { options, downs } = watch();
  const ending = keep(program("process.exit(3)"), options);
  await assert.rejects(ending.started, /rook ended with code 3/);
  const missing = keep(program("", { command: { command: "/no/such/rook", args: [] } }), {
    ...options,
    tether: { canSignal: false, canReach: false },
  });
  await assert.rejects(missing.started, /rook could not be started.*ENOENT/);
  const slow = keep(program("setInterval(() => {}, 1000)", { readyMsMax: 100 }), options);
  await assert.rejects(slow.started, /rook does not serve after/);
  assert.deepEqual(downs, []);
  await Promise.all([ending, missing, slow].map((keeper) => keeper.close()));
});

test("closing works while it starts, while it waits, and when it is stopped", {
  timeout: 20_000,
}, async () => {
  const { options } = watch(60_000);
  const starting = keep(program("setInterval(() => {}, 1000)"), options);
  const refused = assert.rejects(starting.started);
  await within(5_000, async () => await Promise.resolve(starting.pid !== undefined));
  await starting.close();
  await refused;

  const waiting = keep(program(serves), options);
  await waiting.started;
  signalQuietly(waiting.pid ?? 0, "SIGKILL");
  await within(5_000, async () => await Promise.resolve(waiting.pid === undefined));
  await waiting.close();

  // Not by the last resort, which takes longer than this test may.
  const stopped = keep(program(serves, { stopMsMax: 60_000 }), options);
  await stopped.started;
  const pid = stopped.pid ?? 0;
  signalQuietly(pid, "SIGSTOP");
  await stopped.close();
  assert.ok(await areGone([pid]));
});

test("one that does not heed the stop signal is killed", async () => {
  const { options } = watch();
  const keeper = keep(program(`process.on('SIGTERM', () => {}); ${serves}`, { stopMsMax: 200 }), options);
  await keeper.started;
  const pid = keeper.pid ?? 0;
  await keeper.close();
  assert.ok(await areGone([pid]));
});

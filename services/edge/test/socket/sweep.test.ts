import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection } from "../../src/socket/connection.ts";
import { judge, startSweep } from "../../src/socket/sweep.ts";

const now = { wallMs: 1_000_000, steadyMs: 500_000 };
const fine = { expiresMs: 1_000_001, unsentBytes: 0, heardMs: 499_999 };

test("a socket that is heard, takes what it is sent and has a token in force stays", () => {
  assert.equal(judge(fine, now), null);
  assert.equal(judge({ ...fine, unsentBytes: 1024 * 1024, heardMs: 500_000 - 75_000 }, now), null);
});

test("[W2] a slow consumer is told so with 4001, a silent peer with 4002, an ended token with 4401", () => {
  assert.equal(judge({ ...fine, unsentBytes: 1024 * 1024 + 1 }, now)?.code, 4001);
  assert.equal(judge({ ...fine, heardMs: 500_000 - 75_001 }, now)?.code, 4002);
  assert.equal(judge({ ...fine, expiresMs: 1_000_000 }, now)?.code, 4401);
});

test("the sweep looks at every socket once a second, whoever comes and goes meanwhile", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const pass = (ms: number): void => {
    // Each look sets the timer of the next.
    for (let passed = 0; passed < ms; passed += 50) context.mock.timers.tick(50);
  };
  const looks = new Map<number, number>();
  const socket = (id: number): Connection =>
    ({
      get unsentBytes() {
        looks.set(id, (looks.get(id) ?? 0) + 1);
        return 0;
      },
      heardMs: performance.now(),
      pingedMs: performance.now(),
      session: { principal: { expiresMs: Number.POSITIVE_INFINITY } },
    }) as unknown as Connection;
  const sockets = Array.from({ length: 1_000 }, (_, id) => socket(id));
  const connections = new Set(sockets);
  const stop = startSweep(connections);
  pass(500);
  assert.equal(looks.size, 500);
  pass(500);
  assert.deepEqual([looks.size, Math.max(...looks.values())], [1_000, 1]);

  for (const gone of sockets.slice(0, 900)) connections.delete(gone);
  connections.add(socket(1_000));
  looks.clear();
  pass(1_100);
  assert.equal(looks.size, 101);

  // Of few each is looked at every time: what waits for one who does not read grows by 16 MB a second.
  for (const gone of [...connections].slice(0, 99)) connections.delete(gone);
  pass(100);
  looks.clear();
  pass(200);
  assert.deepEqual([...looks.values()], [2, 2]);
  stop();
  looks.clear();
  pass(1_000);
  assert.equal(looks.size, 0);
});

import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import { openLog } from "@rookery/runtime";
import { watchKeys } from "../../src/identity/key-watch.ts";

test("[A2] the key file is looked at every five seconds; what is wrong with it is told once, until it changes", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const told: string[] = [];
  const log = openLog("test", { LOG_LEVEL: "silent" });
  Object.assign(log, {
    info: (details: object) => told.push(`info ${JSON.stringify(details)}`),
    error: ({ reason }: { reason: string }) => told.push(`error ${reason}`),
  });
  const answers: (boolean | Error)[] = [
    false,
    new Error("not there"),
    new Error("not there"),
    new Error("no key"),
    true,
    new Error("no key"),
  ];
  const stop = watchKeys(
    {
      jwks: { keys: [{ kid: "new" }] },
      refresh: async () => {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer ?? false;
      },
    },
    log,
  );
  for (let looks = 0; looks < 6; looks += 1) {
    t.mock.timers.tick(5_000);
    await turn();
  }
  assert.deepEqual(told, [
    "error Error: not there",
    "error Error: no key",
    'info {"kids":["new"]}',
    "error Error: no key",
  ]);
  stop();
  answers.push(true);
  t.mock.timers.tick(50_000);
  await turn();
  assert.equal(answers.length, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Signal } from "../src/signal.ts";

test("a notification wakes everybody who waits", async () => {
  const signal = new Signal();
  const waits = [signal.wait(), signal.wait()];
  signal.notify();
  await Promise.all(waits);
});

test("a notification that nobody waited for is kept for the next, once however often it came", async () => {
  const signal = new Signal();
  signal.notify();
  signal.notify();
  await signal.wait();
  let woken = false;
  const wait = signal.wait().then(() => {
    woken = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(woken, false);
  signal.notify();
  await wait;
});

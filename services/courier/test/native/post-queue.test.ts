import assert from "node:assert/strict";
import { test } from "node:test";
import { type Post, PostQueue, repostDelayMs } from "../../src/native/post-queue.ts";

const post = (updateId: number, queue = "chat:1", expiresMs = 1_000_000): Post => ({
  updateId,
  queue,
  expiresMs,
  body: "",
  attempts: 0,
});
const ids = (posts: readonly Post[]) => posts.map(({ updateId }) => updateId);

test("the first retry is at once, then 2, 4, 8 s, at last 60 to 120 s by chance", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((attempts) => repostDelayMs(attempts, 0.5)),
    [0, 2_000, 4_000, 8_000, 16_000],
  );
  assert.deepEqual([repostDelayMs(20, 0), repostDelayMs(20, 0.999_999)].map(Math.round), [60_000, 120_000]);
});

test("only the first of a line is under way; lines go beside each other", () => {
  const queue = new PostQueue();
  for (const each of [post(1), post(2), post(3, "user:7"), post(4, "chat:2")]) queue.add(each);
  const [first, ...others] = queue.take(0, 10);
  assert.deepEqual(ids([...(first ? [first] : []), ...others]), [1, 3, 4]);
  assert.deepEqual(queue.take(0, 10), []);
  assert.equal(queue.underWay, 3);
  if (first) queue.done(first);
  assert.deepEqual(ids(queue.take(0, 10)), [2]);
});

test("what is to be tried again keeps its place, and holds no other line", () => {
  const queue = new PostQueue();
  for (const each of [post(1), post(2), post(3, "chat:2")]) queue.add(each);
  const [first, second] = queue.take(0, 10);
  if (first) queue.again(first, 500);
  if (second) queue.done(second);
  assert.deepEqual(queue.take(499, 10), []);
  assert.equal(queue.nextMs(), 500);
  assert.deepEqual(ids(queue.take(500, 10)), [1]);
});

test("what has had its time is dropped, and the next of its line does not wait for it", () => {
  const queue = new PostQueue();
  for (const each of [post(1, "chat:1", 100), post(2)]) queue.add(each);
  const [first] = queue.take(0, 10);
  if (first) queue.again(first, 60_000);
  assert.deepEqual(queue.take(99, 10), []);
  assert.deepEqual(ids(queue.take(60_000, 10)), [2]);
});

test("no more than the room there is", () => {
  const queue = new PostQueue();
  for (let id = 1; id <= 9; id += 1) queue.add(post(id, `chat:${id}`));
  assert.equal(queue.take(0, 4).length, 4);
});

test("[L7] a long line is read in parts, in order, whatever comes meanwhile", () => {
  const queue = new PostQueue();
  const all = Array.from({ length: 50 }, (_, at) => post(at + 1));
  for (const each of all) queue.add(each);
  const seen: number[] = [];
  for (let step = 0; step < 60 && seen.length < 51; step += 1) {
    if (step === 5) queue.add(post(51));
    const taken = queue.take(0, 1);
    for (const each of taken) {
      seen.push(each.updateId);
      queue.done(each);
    }
    for (const { queue: name } of queue.starved()) {
      queue.filled(name, false);
      for (const each of [...all, post(51)]) if (each.updateId > (seen.at(-1) ?? 0)) queue.add({ ...each });
    }
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 51 }, (_, at) => at + 1),
  );
});

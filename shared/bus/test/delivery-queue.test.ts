import assert from "node:assert/strict";
import { test } from "node:test";
import { DeliveryQueue, QUEUE_BYTES_MAX } from "../src/delivery-queue.ts";

function delivery(seq: number, size: number) {
  const bytes = new Uint8Array(size);
  return { kind: "delivery", delivery: { seq, timeMs: 0, pending: 0, msgId: undefined, bytes } } as const;
}

test("items come out in the order they went in, however pushes and shifts alternate", () => {
  const queue = new DeliveryQueue();
  let pushed = 0;
  let shifted = 0;
  for (let round = 1; round <= 50; round++) {
    for (let n = 0; n < round; n++) queue.push(delivery(++pushed, 2));
    for (let n = 0; n < round - 1; n++) {
      const item = queue.shift();
      assert.equal(item?.kind === "delivery" ? item.delivery.seq : 0, ++shifted);
    }
    assert.equal(queue.length, pushed - shifted);
    assert.equal(queue.bytes, 2 * (pushed - shifted));
  }
  queue.clear();
  assert.deepEqual([queue.length, queue.bytes, queue.shift()], [0, 0, undefined]);
});

test("[L7] it is full when the bodies pass the maximum", () => {
  const queue = new DeliveryQueue();
  queue.push(delivery(1, QUEUE_BYTES_MAX));
  assert.equal(queue.full, false);
  queue.push(delivery(2, 1));
  assert.equal(queue.full, true);
  queue.shift();
  assert.equal(queue.full, false);
});

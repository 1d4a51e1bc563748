import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MessageBody } from "@rookery/kit";
import {
  ackFaults,
  agreementFaults,
  doubledFaults,
  keepHighest,
  orderFaults,
  senderOrderFaults,
} from "./order-check.ts";

function message(seq: number, fields: Partial<MessageBody> = {}): MessageBody {
  const plain = { chatId: 1, seq, rev: 0, senderId: 7, uuid: `u${seq}`, kind: "text", body: `${seq}` };
  const nothing = { entities: [], replyTo: null, forward: null, attachments: [] };
  const unchanged = { reactions: {}, pinned: false, editedAt: null, deletedAt: null };
  return { ...plain, ...nothing, ...unchanged, ts: 1000 + seq, source: "ws", ...fields };
}

const three = [message(1), message(2), message(3)];
const range = { first: 1, last: 3 };

describe("the checks of order complain about what they are for", () => {
  it("says nothing about a clean log", () => {
    assert.deepEqual(orderFaults("A", three, range), []);
    assert.deepEqual(agreementFaults(["A", "B"], three, three), []);
    assert.deepEqual(ackFaults(three, three), []);
    assert.deepEqual(senderOrderFaults(three, 7, ["u1", "u2", "u3"]), []);
  });

  it("finds a duplicate, at once and later", () => {
    assert.deepEqual(orderFaults("A", [message(1), ...three], range), ["A saw seq 1 twice"]);
    assert.deepEqual(orderFaults("A", [...three, message(1)], range), ["A saw seq 1 twice"]);
  });

  it("finds a gap in the middle and at either end", () => {
    assert.deepEqual(orderFaults("A", [message(1), message(3)], range), ["A never saw seq 2"]);
    assert.deepEqual(orderFaults("A", [message(2), message(3)], range), ["A never saw seq 1"]);
    assert.deepEqual(orderFaults("A", [message(1), message(2)], range), ["A never saw seq 3"]);
    assert.equal(orderFaults("A", [], range).length, 3);
  });

  it("finds what came out of order, and what was not asked for", () => {
    assert.deepEqual(orderFaults("A", [message(2), message(1), message(3)], range), ["A saw seq 1 after 2"]);
    assert.deepEqual(orderFaults("A", [...three, message(4)], range), ["A saw seq 4 outside the range"]);
  });

  it("finds two readers who saw different messages under one seq", () => {
    const swapped = [message(1), message(2, { uuid: "u3", body: "3" }), message(3)];
    assert.equal(agreementFaults(["A", "B"], three, swapped).length, 2);
    assert.equal(agreementFaults(["A", "B"], three, [message(1, { senderId: 8 })]).length, 1);
  });

  it("finds an ack without its message, at another's place, and a message stored twice", () => {
    assert.match(ackFaults([{ uuid: "u9", seq: 9 }], three)[0] ?? "", /not there/);
    assert.match(ackFaults([{ uuid: "u9", seq: 2 }], three)[0] ?? "", /which is u2/);
    assert.match(doubledFaults([...three, message(4, { uuid: "u1" })])[0] ?? "", /seq 1 and as seq 4/);
    assert.deepEqual(doubledFaults([...three, message(4, { uuid: "u1", senderId: 8 })]), []);
  });

  it("finds a sender whose messages changed places or got lost", () => {
    assert.equal(senderOrderFaults(three, 7, ["u2", "u1", "u3"]).length, 2);
    assert.equal(senderOrderFaults(three, 7, ["u1", "u2", "u3", "u4"]).length, 1);
  });

  it("keeps the highest seq as a client does: repeats fall out, gaps stay visible", () => {
    const kept = keepHighest([message(2), message(1), message(2), message(4)], 1);
    assert.deepEqual(
      kept.map(({ seq }) => seq),
      [2, 4],
    );
    assert.deepEqual(orderFaults("A", kept, { first: 2, last: 4 }), ["A never saw seq 3"]);
  });

  it("is bounded in what it says", () => {
    assert.equal(orderFaults("A", [], { first: 1, last: 1000 }).length, 21);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openLedger } from "../src/ledger.ts";

const chats = [{ id: 7, headSeq: 3, readers: [0, 1] }];

/** A ledger after two messages that went well, except for what `deliver` does. */
function run(deliver: (deliver: (reader: number, seq: number, uuid: string) => void) => void) {
  const ledger = openLedger(chats);
  ledger.sent("a", 7, 100);
  ledger.sent("b", 7, 101);
  ledger.acked({ uuid: "a", seq: 4, duplicate: false }, 105);
  ledger.acked({ uuid: "b", seq: 5, duplicate: false }, 111);
  deliver((reader, seq, uuid) => ledger.delivered(reader, { chatId: 7, seq, uuid }, 120));
  return ledger.close();
}

describe("the ledger of a load run", () => {
  it("has no complaint when every reader got every message once and in order", () => {
    const report = run((deliver) => {
      for (const reader of [0, 1]) {
        deliver(reader, 4, "a");
        deliver(reader, 5, "b");
      }
    });
    assert.deepEqual(report.faults, []);
    assert.equal(report.faultCount, 0);
    assert.equal(report.deliveries.count, 4);
    assert.ok(Math.abs(report.acks.p50Ms - 5) < 0.1, `${report.acks.p50Ms}`);
    assert.ok(Math.abs(report.acks.maxMs - 10) < 0.1, `${report.acks.maxMs}`);
  });

  for (const [name, planted] of [
    [
      "a lost message",
      [
        [0, 4, "a"],
        [0, 5, "b"],
        [1, 4, "a"],
      ],
    ],
    [
      "a gap",
      [
        [0, 4, "a"],
        [0, 5, "b"],
        [1, 5, "b"],
      ],
    ],
    [
      "a message delivered twice",
      [
        [0, 4, "a"],
        [0, 4, "a"],
        [0, 5, "b"],
        [1, 4, "a"],
        [1, 5, "b"],
      ],
    ],
    [
      "messages out of order",
      [
        [0, 5, "b"],
        [0, 4, "a"],
        [1, 4, "a"],
        [1, 5, "b"],
      ],
    ],
    [
      "one seq that is two messages",
      [
        [0, 4, "a"],
        [0, 5, "b"],
        [1, 4, "b"],
        [1, 5, "a"],
      ],
    ],
    [
      "a reader's messages given to another",
      [
        [0, 4, "a"],
        [0, 5, "b"],
        [2, 4, "a"],
        [2, 5, "b"],
      ],
    ],
    [
      "a message nobody sent",
      [
        [0, 4, "a"],
        [0, 5, "b"],
        [1, 4, "a"],
        [1, 5, "b"],
        [1, 6, "c"],
      ],
    ],
  ] as const) {
    it(`complains about ${name}`, () => {
      const report = run((deliver) => {
        for (const [reader, seq, uuid] of planted) deliver(reader, seq, uuid);
      });
      assert.ok(report.faultCount > 0);
      assert.equal(report.faults.length > 0, true);
    });
  }

  it("complains about a missing ack, a second one, a refusal and a duplicate", () => {
    const ledger = openLedger([{ id: 7, headSeq: 0, readers: [] }]);
    for (const uuid of ["silent", "twice", "refused", "duplicate"]) ledger.sent(uuid, 7, 0);
    ledger.acked({ uuid: "twice", seq: 1, duplicate: false }, 1);
    ledger.acked({ uuid: "twice", seq: 1, duplicate: false }, 2);
    ledger.acked({ uuid: "duplicate", seq: 2, duplicate: true }, 2);
    ledger.refused("refused", "overloaded");
    const { faults } = ledger.close();
    assert.ok(faults.some((fault) => fault.includes("silent was never acked")));
    assert.ok(faults.some((fault) => fault.includes("a second ack for twice")));
    assert.ok(faults.some((fault) => fault.includes("refused was refused: overloaded")));
    assert.ok(faults.some((fault) => fault.includes("acked as a duplicate")));
  });
});

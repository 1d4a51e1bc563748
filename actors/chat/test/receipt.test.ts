import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChatCommand, Mark } from "@rookery/protocol";
import { type ChatState, decide } from "../src/mod.ts";
import {
  ask,
  born,
  chatId,
  dismiss,
  type Done,
  done,
  invite,
  nowMs,
  onward,
  refusal,
  replay,
  rowsOf,
  say,
} from "./command.ts";

/** A group of 1, 2 and 3 with four messages. */
const group = onward(
  born("group", [1, 2, 3]),
  ask(1, say("a"), "m-2"),
  ask(1, say("b"), "m-3"),
  ask(2, say("c"), "m-4"),
).state;

const mark = (
  ...marks: (readonly [userId: number, deliveredSeq: number, readSeq: number])[]
): ChatCommand => ({
  kind: "mark",
  marks: marks.map(([userId, deliveredSeq, readSeq]) => ({ userId, deliveredSeq, readSeq })),
});
const noted = (state: ChatState, command: ChatCommand): Done =>
  done(decide(state, ask(0, command, ""), nowMs));

function told({ events }: Done): (readonly Mark[])[] {
  return events.map((event) => (event.kind === "receipts" ? event.marks : assert.fail(event.kind)));
}

describe("receipts", () => {
  test("those who moved are told and written, many in one row, and take no seq and no rev", () => {
    const decision = noted(group, mark([1, 4, 2], [2, 3, 0]));
    const { headSeq, rev, receipts } = decision.state;
    assert.deepEqual([headSeq, rev], [group.headSeq, group.rev]);
    assert.deepEqual(told(decision), [
      [
        { userId: 1, deliveredSeq: 4, readSeq: 2 },
        { userId: 2, deliveredSeq: 3, readSeq: 0 },
      ],
    ]);
    const row = { chatId, block: 0, blocks: 1, rev: 1, marks: { 1: [4, 2], 2: [3, 0] } };
    assert.deepEqual(decision.rows, [{ table: "receipt", row }]);
    assert.equal(receipts.rev, 1);
  });

  test("nobody goes back, and what was read was delivered", () => {
    const before = noted(group, mark([1, 3, 3])).state;
    const decision = noted(before, mark([1, 2, 1], [2, 0, 4]));
    assert.deepEqual(told(decision), [[{ userId: 2, deliveredSeq: 4, readSeq: 4 }]]);
  });

  test("nobody is beyond the head", () => {
    assert.deepEqual(told(noted(group, mark([1, 900, 900]))), [[{ userId: 1, deliveredSeq: 4, readSeq: 4 }]]);
  });

  test("a repeat, and strangers, change nothing and write nothing", () => {
    const { state } = noted(group, mark([1, 4, 4]));
    const decision = noted(state, mark([1, 4, 4], [9, 4, 4]));
    assert.deepEqual([decision.rows, decision.events, decision.state], [[], [], state]);
  });

  test("one named twice has gone furthest", () => {
    const decision = noted(group, mark([1, 4, 1], [1, 2, 2]));
    assert.deepEqual(told(decision), [[{ userId: 1, deliveredSeq: 4, readSeq: 2 }]]);
  });

  test("there are none in a chat that is not there", () => {
    assert.equal(refusal(decide(null, ask(0, mark([1, 1, 1]), ""), nowMs)), "not_found");
  });

  test("whoever leaves takes theirs along, and begins anew when they return", () => {
    const gone = onward(noted(group, mark([2, 4, 4], [3, 4, 4])).state, ask(1, dismiss(3), "x"));
    assert.deepEqual(rowsOf(gone, "receipt"), [
      { chatId, block: 0, blocks: 1, rev: 1, marks: { 2: [4, 4] } },
    ]);
    const back = onward(gone.state, ask(1, invite(3), "y")).state;
    assert.deepEqual(told(noted(back, mark([3, 1, 1]))), [[{ userId: 3, deliveredSeq: 1, readSeq: 1 }]]);
  });

  test("in a chat of thousands they are in several rows, each written when it is touched", () => {
    const userIds = Array.from({ length: 3_000 }, (_, at) => at + 1);
    const crowd = replay(
      ask(
        1,
        {
          kind: "create",
          birth: {
            type: "group",
            title: "t",
            members: userIds.map((userId) => ({ userId, role: "member" as const })),
          },
        },
        "b",
      ),
    ).state;
    const all = noted(crowd, mark(...userIds.map((userId) => [userId, 1, 1] as const)));
    assert.deepEqual(
      rowsOf(all, "receipt").map(({ block, blocks, marks }) => [block, blocks, Object.keys(marks).length]),
      [0, 1, 2, 3].map((block) => [block, 4, 750]),
    );
    assert.equal(all.events[0]?.kind === "receipts" && all.events[0].crowd, true);
    const again = replayMore(all.state);
    assert.deepEqual(
      rowsOf(again, "receipt").map(({ block, rev }) => [block, rev]),
      [[6 % 4, 2]],
    );
  });
});

function replayMore(state: ChatState): Done {
  const more = onward(state, ask(1, say("more"), "more")).state;
  return noted(more, mark([6, 2, 2]));
}

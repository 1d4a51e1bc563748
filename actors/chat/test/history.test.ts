import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { seeds } from "@rookery/kit";
import type { AddressedCommand, Message } from "@rookery/protocol";
import { toMessage } from "@rookery/store";
import type { Decision } from "@rookery/host";
import { type ChatState, decide } from "../src/mod.ts";
import { readsAs } from "../src/permission.ts";
import { chatId, type Done, messages, nowMs, rowsOf } from "./command.ts";
import { frozen } from "./frozen.ts";
import { applyChange } from "./reader.ts";
import { makeHistory } from "./history.ts";
const lengthMax = 600;

interface Step {
  readonly before: ChatState | null;
  readonly command: AddressedCommand;
  readonly decision: Decision<ChatState>;
}

function walk(history: readonly AddressedCommand[]): Step[] {
  let state: ChatState | null = null;
  return history.map((command, index) => {
    const before = state;
    const decision = decide(before, command, nowMs + index);
    if (decision.kind === "done") ({ state } = decision);
    return { before, command, decision };
  });
}

function hashOf(steps: readonly Step[]): string {
  const hash = createHash("sha256");
  for (const { decision } of steps) {
    const flat = JSON.stringify(decision, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    hash.update(flat);
  }
  return hash.digest("hex");
}

/** The steps that wrote something under a name: all but receipts. */
function doneOf(steps: readonly Step[]): { before: ChatState | null; decision: Done }[] {
  return steps.flatMap(({ before, command, decision }) =>
    decision.kind === "done" && decision.rows.length > 0 && command.uuid !== "" ? [{ before, decision }] : [],
  );
}

for (const seed of seeds) {
  describe(`a random history (seed ${seed})`, () => {
    const history = makeHistory(seed, lengthMax);
    const steps = walk(history);

    test("is worth walking: much is done and much refused", () => {
      // A chat that its owner ends soon refuses all that comes after: that says nothing of the history before.
      const lived = steps.filter(({ before }) => before === null || before.deletedMs === null);
      const refusals = lived.filter(({ decision }) => decision.kind === "refused").length;
      const ended = lived.length < lengthMax;
      const isWorth = refusals > lived.length / 20 && refusals < lived.length * 0.95;
      assert.ok(ended || isWorth, `${refusals} of ${lived.length} refused`);
    });

    test("[L9] the same commands give the same states, rows and outputs", () => {
      assert.equal(hashOf(walk(history)), hashOf(steps));
      assert.equal(hashOf(walk(makeHistory(seed, lengthMax))), hashOf(steps));
    });

    test("[L9] no command and no state is changed by deciding", () => {
      let state: ChatState | null = null;
      for (const [index, command] of structuredClone(history).entries()) {
        const decision = decide(frozen(state), frozen(command), nowMs + index);
        if (decision.kind === "done") ({ state } = decision);
      }
    });

    test("[L4] messages take seq 1, 2, 3 … and changes rev 1, 2, 3 …, in rows and in events", () => {
      const all = doneOf(steps).map(({ decision }) => decision);
      const count = (numbers: readonly number[]): number[] => numbers.map((_, index) => index + 1);
      const seqs = all.flatMap((each) => messages(each).map(({ seq }) => seq));
      const revs = all.flatMap((each) => rowsOf(each, "change").map(({ rev }) => rev));
      assert.deepEqual(seqs, count(seqs));
      assert.deepEqual(revs, count(revs));
      const events = all.flatMap((each) => each.events);
      assert.deepEqual(
        events.flatMap((event) => (event.kind === "message" ? [event.seq] : [])),
        seqs,
      );
      assert.deepEqual(
        events.flatMap((event) => (event.kind === "change" ? [event.rev] : [])),
        revs,
      );
    });

    test("the row of the chat says where the state stands, and what is told is what is written", () => {
      for (const { before, decision } of doneOf(steps)) {
        const row = rowOf(decision.state);
        const isChanged = before === null || JSON.stringify(rowOf(before)) !== JSON.stringify(row);
        assert.deepEqual(rowsOf(decision, "chat"), isChanged ? [row] : []);
        const told = messages(decision).map(({ seq, uuid, body }) => ({ seq, uuid, body }));
        const written = rowsOf(decision, "message")
          .filter(({ seq }) => seq > (before?.headSeq ?? 0))
          .map(({ seq, uuid, body }) => ({ seq, uuid, body }));
        assert.deepEqual(told, written);
        assert.deepEqual(
          rowsOf(decision, "change").map(({ frame }) => frame),
          decision.events.flatMap((event) => (event.kind === "change" ? [event.frame] : [])),
        );
      }
    });

    test("receipts go forward only, and never beyond the head", () => {
      for (const { before, command, decision } of steps) {
        if (decision.kind !== "done" || command.command.kind !== "mark") continue;
        const { headSeq, receipts } = decision.state;
        for (const [userId, { deliveredSeq, readSeq }] of receipts.blocks[0] ?? []) {
          const known = before?.receipts.blocks[0]?.get(userId);
          assert.ok(readSeq <= deliveredSeq && deliveredSeq <= headSeq);
          assert.ok(readSeq >= (known?.readSeq ?? 0) && deliveredSeq >= (known?.deliveredSeq ?? 0));
        }
        assert.equal(receipts.rev - (before?.receipts.rev ?? 0), decision.events.length);
        assert.equal(rowsOf(decision, "receipt").length, decision.events.length);
      }
    });

    test("who comes, goes or changes has a row; who came or went was sent word, once each time", () => {
      for (const { before, decision } of doneOf(steps)) {
        const members = new Map(before?.members);
        for (const { chatId: _, userId, leftMs, ...member } of rowsOf(decision, "member")) {
          if (leftMs === null) members.set(userId, member);
          else members.delete(userId);
        }
        assert.deepEqual(new Map(decision.state.members), members);
        const came = [...members.keys()].filter((id) => before?.members.has(id) !== true);
        const went = [...(before?.members.keys() ?? [])].filter((id) => !members.has(id));
        // Who stays and reads no more is told as if they went, and the other way round.
        const stay = [...members.keys()].filter((id) => before !== null && before.members.has(id));
        const turned = stay.flatMap((id) => {
          const reads = readsAs(decision.state, id);
          if (before === null || readsAs(before, id) === reads) return [];
          return [`${id} ${reads ? "joined" : "left"}`];
        });
        assert.deepEqual(
          decision.relays.map(({ target, command }) => `${target.id} ${command.kind}`).toSorted(),
          [...came.map((id) => `${id} joined`), ...went.map((id) => `${id} left`), ...turned].toSorted(),
        );
      }
      const ids = doneOf(steps).flatMap(({ decision }) => decision.relays.map(({ id }) => id));
      assert.equal(new Set(ids).size, ids.length, "relays are named once");
    });

    test("a chat that somebody is in has one owner, if people come and go", () => {
      for (const { decision } of doneOf(steps)) {
        const { type, members } = decision.state;
        const owners = [...members.values()].filter(({ role }) => role === "owner").length;
        if (type === "group" || type === "channel") assert.equal(owners, members.size === 0 ? 0 : 1);
      }
    });

    test("[L4] the changes of a chat, applied to its messages as they were sent, give its messages", () => {
      const told = new Map<number, Message>();
      const written = new Map<number, Message>();
      for (const { decision } of doneOf(steps)) {
        for (const event of decision.events) {
          if (event.kind === "message") told.set(event.seq, event.message);
          else if (event.kind === "change") applyChange(told, event.frame, decision.outcome);
        }
        for (const row of rowsOf(decision, "message")) written.set(row.seq, toMessage(row));
      }
      assert.deepEqual(told, written);
    });

    test("a refused command writes nothing and tells nobody", () => {
      for (const { decision } of steps) {
        if (decision.kind === "refused")
          assert.deepEqual(Object.keys(decision).toSorted(), ["fault", "kind"]);
      }
    });

    test("no outcome is kept twice under one name, and every id is the chat's", () => {
      for (const { decision } of doneOf(steps)) {
        assert.equal(decision.state.id, chatId);
        assert.ok(rowsOf(decision, "outcome").length + rowsOf(decision, "message").length > 0);
        assert.ok(rowsOf(decision, "outcome").length <= 1);
      }
    });
  });
}

/** The chat's own row: what of the state is no row of another table. */
function rowOf({ id, type, title, rev, createdBy, createdMs, deletedMs, telegram }: ChatState): object {
  return { id, type, title, rev, createdBy, createdMs, deletedMs, telegram };
}

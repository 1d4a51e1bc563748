/** Presence as edges tell it: a history of sightings, and a model that remembers all of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openRandom, seeds } from "@rookery/kit";
import type { PresenceNote, PresenceStatus } from "@rookery/protocol";
import { graceMs, PresenceBoard, type Sighting } from "../src/presence.ts";

const online: Sighting = { word: "online", watched: true };
const away: Sighting = { word: "away", watched: true };
const gone: Sighting = { word: "gone", watched: true };
/** A board whose shard has been ours for long. */
function openBoard(): PresenceBoard {
  const board = new PresenceBoard(-graceMs);
  board.expire(0);
  return board;
}

test("who comes is online at once, who goes is offline after ten seconds, last seen when they went", () => {
  const board = openBoard();
  assert.deepEqual(board.see(9, online, 1_000), [9, "online", 1_000]);
  assert.equal(board.see(9, gone, 5_000), null);
  assert.deepEqual(board.noteOf(9, 5_000), [9, "online", 5_000]);
  assert.deepEqual(board.expire(5_000 + graceMs - 1), []);
  assert.deepEqual(board.expire(5_000 + graceMs), [[9, "offline", 5_000]]);
  assert.deepEqual(board.expire(60_000), [], "and that is told once");
});

test("a reconnect within ten seconds is not seen, however often", () => {
  const board = openBoard();
  board.see(9, online, 0);
  for (let nowMs = 0; nowMs < 200_000; nowMs += 9_000) {
    assert.equal(board.see(9, gone, nowMs), null);
    assert.deepEqual(board.expire(nowMs + 8_999), []);
    assert.equal(board.see(9, online, nowMs + 8_999), null);
  }
});

test("away is told when it comes and when it goes, also over a reconnect", () => {
  const board = openBoard();
  board.see(9, online, 0);
  assert.deepEqual(board.see(9, away, 100), [9, "away", 100]);
  assert.equal(board.see(9, away, 200), null);
  board.see(9, gone, 300);
  assert.deepEqual(board.see(9, online, 400), [9, "online", 400]);
});

test("a new owner says nothing of who has not been seen until ten seconds after its claim, then offline", () => {
  const board = new PresenceBoard(1_000);
  assert.equal(board.see(9, gone, 1_100), null);
  assert.equal(board.noteOf(9, 1_100), null);
  assert.equal(board.noteOf(10, 1_100), null);
  assert.deepEqual(board.see(8, online, 1_200), [8, "online", 1_200]);
  assert.equal(board.settled, false);
  assert.deepEqual(board.expire(1_000 + graceMs - 1), []);
  assert.deepEqual(board.expire(1_000 + graceMs), [[9, "offline", null]], "nobody stays online for ever");
  assert.deepEqual(board.noteOf(10, 12_000), [10, "offline", null]);
  assert.deepEqual(
    [...board.watched()].toSorted(([one], [other]) => one - other),
    [
      [8, "online"],
      [9, "offline"],
    ],
  );
});

test("who is neither there nor watched is forgotten", () => {
  const board = openBoard();
  board.see(9, { word: "online", watched: false }, 0);
  board.see(9, { word: "gone", watched: false }, 1);
  board.expire(graceMs + 1);
  board.see(8, gone, 20_000);
  assert.deepEqual([...board.watched()], [[8, "offline"]]);
  board.see(8, { word: "gone", watched: false }, 20_001);
  assert.deepEqual([...board.watched()], []);
  assert.deepEqual(board.noteOf(9, 30_000), [9, "offline", null]);
});

test("who stays is noted every five minutes, who is leaving when they left", () => {
  const board = openBoard();
  board.see(9, online, 0);
  board.see(8, online, 0);
  assert.deepEqual(board.note(299_999), []);
  board.see(8, gone, 299_999);
  assert.deepEqual(board.note(300_000), [9]);
  assert.deepEqual(board.note(300_001), []);
  assert.deepEqual([...board.leaving()], [[8, 299_999]]);
});

for (const seed of seeds) {
  test(`[L9] what was told is what a model that keeps everything would say, seed ${seed}`, () => {
    const random = openRandom(seed);
    const users = [1, 2, 3, 4];
    const board = new PresenceBoard(0);
    /** Everything said of a user: when, and what. */
    const said = new Map<number, { readonly atMs: number; readonly word: Sighting["word"] }[]>();
    const told = new Map<number, PresenceStatus>();
    const hear = (notes: readonly (PresenceNote | null)[]): void => {
      for (const note of notes) {
        if (note === null) continue;
        assert.notEqual(told.get(note[0]), note[1], "nothing is told twice");
        told.set(note[0], note[1]);
      }
    };
    let nowMs = 0;
    for (let step = 0; step < 2_000; step += 1) {
      nowMs += random.pick([0, 50, 50, 1_000, 4_000, 9_999, 10_000, 15_000]);
      hear(board.expire(nowMs));
      if (random.chance(0.7)) {
        const userId = random.pick(users);
        const word = random.pick(["online", "away", "gone", "gone"] as const);
        hear([board.see(userId, { word, watched: true }, nowMs)]);
        const history = said.get(userId);
        if (history === undefined) said.set(userId, [{ atMs: nowMs, word }]);
        else history.push({ atMs: nowMs, word });
      }
      for (const userId of users) {
        const expected = modelStatus(said.get(userId) ?? [], nowMs);
        const note = board.noteOf(userId, nowMs);
        assert.equal(note?.[1] ?? null, expected, `user ${userId} at ${nowMs} ms, step ${step}`);
        if (told.has(userId)) assert.equal(told.get(userId), expected, `told of ${userId} at ${nowMs} ms`);
      }
    }
  });
}

/** By the whole history: the last word, unless they have been gone too long, or for as long as the shard is ours. */
function modelStatus(
  history: readonly { readonly atMs: number; readonly word: Sighting["word"] }[],
  nowMs: number,
): PresenceStatus | null {
  const last = history.findLast(({ word }) => word !== "gone");
  const left = last && history.slice(history.lastIndexOf(last) + 1)[0];
  if (last !== undefined && last.word !== "gone" && (left === undefined || nowMs - left.atMs < graceMs)) {
    return last.word;
  }
  return last === undefined && nowMs < graceMs ? null : "offline";
}

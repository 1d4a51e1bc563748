import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dealChats } from "../src/deal.ts";

describe("dealing people over chats", () => {
  for (const [people, each, size] of [
    [100, 3, 10],
    [97, 5, 10],
    [10_000, 3, 10],
    [61, 2, 4],
  ] as const) {
    it(`puts each of ${people} in ${each} chats of at most ${size}, once`, () => {
      const { members } = dealChats(people, each, size);
      const counts = Array.from({ length: people }, () => 0);
      for (const chat of members) {
        assert.ok(chat.length >= 2 && chat.length <= size);
        assert.equal(new Set(chat).size, chat.length);
        for (const person of chat) counts[person] = (counts[person] ?? 0) + 1;
      }
      assert.ok(counts.every((count) => count === each || (people % size === 1 && count === each - 1)));
      assert.equal(
        new Set(members.map((chat) => chat.toSorted((a, b) => a - b).join(" "))).size,
        members.length,
      );
    });
  }
});

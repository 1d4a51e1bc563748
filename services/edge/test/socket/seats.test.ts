import assert from "node:assert/strict";
import { test } from "node:test";
import { openRandom, seeds } from "@rookery/kit";
import { Room } from "../../src/room/room.ts";
import { Seats } from "../../src/socket/seats.ts";
import { openFakeSocket } from "./fake-socket.ts";

test("what is done for a socket in a room ends when it is out, and stays ended when it is back in", () => {
  const seats = new Seats();
  const room = new Room(5);
  const first = seats.add(room, 3);
  seats.letGo(first);
  const held = seats.hold(5);
  assert.ok(held);
  assert.deepEqual([held.memberRev, held.gone, seats.memberRevOf(5)], [3, false, 3]);
  seats.delete(5);
  assert.equal(held.gone, true);
  assert.equal(seats.hold(5), undefined);
  const again = seats.add(room, 7);
  seats.letGo(held);
  assert.deepEqual([held.gone, again.gone, seats.memberRevOf(5)], [true, false, 7]);
  seats.clear();
  assert.deepEqual([again.gone, seats.size], [true, 0]);
});

test("two that hold are one, and the last that lets go leaves what both have found", () => {
  const seats = new Seats();
  const one = seats.add(new Room(5), null);
  const other = seats.hold(5);
  assert.equal(one, other);
  seats.noteLeft(5, 4);
  assert.equal(one.leftRev, 4);
  seats.letGo(one);
  assert.equal(seats.hold(5), one, "still held");
  one.memberRev = 9;
  for (let holder = 0; holder < 2; holder += 1) seats.letGo(one);
  const later = seats.hold(5);
  assert.notEqual(later, one);
  assert.deepEqual([later?.memberRev, later?.leftRev], [9, 0]);
});

test("what was told of a chat stays told, also when it is live", () => {
  const { connection } = openFakeSocket(1);
  const seats = connection.rooms;
  const presence = seats.add(new Room(5), 1);
  presence.told = { userRev: 2, place: { seq: 0, rev: 0, receiptRev: 0 } };
  seats.letGo(presence);
  assert.equal(seats.hold(5)?.told?.userRev, 2);
  connection.subscribe(5);
  seats.letGo(presence);
  assert.equal(seats.hold(5)?.told?.userRev, 2, "a Sync may read the same change of the feed again");
});

for (const seed of seeds) {
  test(`whoever comes, goes and hears, each room knows its hearers and each hearer its place (seed ${seed})`, () => {
    const random = openRandom(seed);
    const rooms = Array.from({ length: 12 }, (_, index) => new Room(index * 7));
    const people = Array.from({ length: 9 }, (_, index) => openFakeSocket(index).connection);
    const heard = people.map(() => new Map<number, boolean>());
    for (let step = 0; step < 3_000; step += 1) {
      const who = random.below(people.length);
      const room = rooms[random.below(rooms.length)] as Room;
      const connection = people[who] as (typeof people)[number];
      const mine = heard[who] as Map<number, boolean>;
      const { chatId } = room;
      switch (random.below(5)) {
        case 0:
          if (!mine.has(chatId)) connection.rooms.letGo(connection.rooms.add(room, step));
          mine.set(chatId, mine.get(chatId) ?? false);
          break;
        case 1:
          connection.subscribe(chatId);
          if (mine.has(chatId)) mine.set(chatId, true);
          break;
        case 2:
          connection.unsubscribe(chatId);
          if (mine.has(chatId)) mine.set(chatId, false);
          break;
        case 3:
          connection.unsubscribe(chatId);
          connection.rooms.delete(chatId);
          mine.delete(chatId);
          break;
        case 4: {
          const presence = connection.rooms.hold(chatId);
          assert.equal(presence?.isHeard ?? false, mine.get(chatId) ?? false);
          if (presence !== undefined && random.below(2) === 0) connection.rooms.letGo(presence);
          break;
        }
      }
      assert.deepEqual(
        connection.rooms.keys(),
        [...mine.keys()].toSorted((one, other) => one - other),
      );
    }
    for (const room of rooms) {
      const listening = people.filter((_, who) => heard[who]?.get(room.chatId) === true);
      assert.deepEqual(new Set(room.hearers), new Set(listening));
      assert.equal(room.hearers.length, listening.length);
      for (const [place, connection] of room.hearers.entries()) {
        assert.equal(connection.rooms.placeOf(room.chatId), place);
      }
    }
  });
}

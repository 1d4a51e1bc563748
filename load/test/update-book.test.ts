import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openUpdateBook } from "../src/update-book.ts";

type Book = ReturnType<typeof openUpdateBook>;

/** Two updates of one person and one of another, answered; `deliver` says what came. */
function run(deliver: (book: Book) => void, answer: (book: Book) => void = () => {}) {
  const book = openUpdateBook();
  for (const [uuid, person] of [
    ["a", 1],
    ["b", 2],
    ["c", 1],
  ] as const) {
    book.posted(uuid, person, 100);
    book.answered(uuid, 200, 104);
  }
  answer(book);
  deliver(book);
  return book.close();
}

const well = (book: Book): void => {
  book.delivered({ uuid: "a", chatId: 7, seq: 3 }, 110);
  book.delivered({ uuid: "b", chatId: 8, seq: 1 }, 110);
  book.delivered({ uuid: "c", chatId: 7, seq: 4 }, 110);
};

describe("the books of posted updates", () => {
  it("have no complaint when each came once and in order", () => {
    const report = run(well);
    assert.deepEqual(report.faults, []);
    assert.equal(report.frames.count, 3);
    assert.ok(Math.abs(report.frames.p50Ms - 10) < 0.1, `${report.frames.p50Ms}`);
    assert.ok(Math.abs(report.answers.p50Ms - 4) < 0.1, `${report.answers.p50Ms}`);
  });

  const planted: Readonly<Record<string, (book: Book) => void>> = {
    "a lost update": (book) => {
      book.delivered({ uuid: "a", chatId: 7, seq: 3 }, 110);
      book.delivered({ uuid: "b", chatId: 8, seq: 1 }, 110);
    },
    "an update that comes twice": (book) => {
      well(book);
      book.delivered({ uuid: "c", chatId: 7, seq: 4 }, 111);
    },
    "another order": (book) => {
      book.delivered({ uuid: "c", chatId: 7, seq: 3 }, 110);
      book.delivered({ uuid: "a", chatId: 7, seq: 4 }, 110);
      book.delivered({ uuid: "b", chatId: 8, seq: 1 }, 110);
    },
    "a gap": (book) => {
      book.delivered({ uuid: "a", chatId: 7, seq: 3 }, 110);
      book.delivered({ uuid: "b", chatId: 8, seq: 1 }, 110);
      book.delivered({ uuid: "c", chatId: 7, seq: 5 }, 110);
    },
    "another's chat": (book) => {
      book.delivered({ uuid: "a", chatId: 7, seq: 3 }, 110);
      book.delivered({ uuid: "b", chatId: 7, seq: 4 }, 110);
      book.delivered({ uuid: "c", chatId: 7, seq: 5 }, 110);
    },
    "one that nobody posted": (book) => {
      well(book);
      book.delivered({ uuid: "z", chatId: 9, seq: 1 }, 110);
    },
  };
  for (const [name, deliver] of Object.entries(planted)) {
    it(`find ${name}`, () => assert.ok(run(deliver).faultCount > 0));
  }

  it("find an answer that is no 200, and one that is missing", () => {
    assert.match(run(well, (book) => book.answered("a", 503, 105)).faults.join(), /answered 503/);
    assert.match(run(well, (book) => book.posted("d", 3, 105)).faults.join(), /d was never answered/);
  });
});

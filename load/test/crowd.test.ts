/** Counting receipts, on the bare server that tells them one by one. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startControlServer, type ControlServer } from "../src/control-server.ts";
import { openCrowd } from "../src/crowd.ts";

describe("a crowd", () => {
  let server: ControlServer;
  before(async () => {
    server = await startControlServer();
  });
  after(() => server.close());

  const doors = (tokens: readonly string[]) => tokens.map((token) => ({ base: server.url, token }));

  it("counts a frame a reader and member for each message all have read", async () => {
    const crowd = await openCrowd({ id: 1, headSeq: 0 }, [1, 2, 3, 4], doors(["1-1", "1-2", "1-3", "1-4"]));
    await crowd.readOne("first", 0);
    await crowd.readOne("second", 20);
    assert.deepEqual(crowd.faults, []);
    const { bytes, ...counts } = crowd.counts;
    assert.deepEqual([counts, crowd.seq], [{ reads: 8, frames: 32, marks: 32 }, 2]);
    assert.ok(bytes > 32 * 40);
    await crowd.close();
  });

  it("complains when somebody is not told, and of receipts nobody could have given", async () => {
    const deaf = await openCrowd({ id: 2, headSeq: 0 }, [1, 2], doors(["2-1", "3-2"]), 200);
    await deaf.readOne("unheard", 0);
    assert.match(deaf.faults.join(), /1 of 4 were told/);
    await deaf.close();

    const foreign = await openCrowd({ id: 4, headSeq: 0 }, [1, 2], doors(["4-1", "4-2", "4-9"]));
    await foreign.readOne("overheard", 0);
    assert.match(foreign.faults.join(), /a receipt of 9, who is not in it/);
    await foreign.close();

    const early = await openCrowd({ id: 4, headSeq: 5 }, [1, 2], doors(["4-1", "4-2"]), 200);
    await early.readOne("out of order", 0);
    assert.match(early.faults.join(), /message 2 when 6 was due/);
    await early.close();
  });
});

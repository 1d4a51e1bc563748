/** The driver against the bare server, and against one that loses and doubles. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startControlServer, type ControlServer } from "../src/control-server.ts";
import { drive } from "../src/drive.ts";
import { closeStage, openStage } from "../src/stage.ts";

describe("driving a stage", () => {
  let server: ControlServer;
  before(async () => {
    server = await startControlServer();
  });
  after(() => server.close());

  it("counts every delivery of an honest server, at a rate and in a flood", async () => {
    const chats = [
      { id: 1, headSeq: 0, readers: [0, 1] },
      { id: 2, headSeq: 0, readers: [1, 2] },
    ];
    const doors = ["1", "1.2", "2"].map((token) => ({ base: server.url, token }));
    const stage = await openStage(doors, chats);
    const paced = await drive(stage, "paced", 50, { pace: { kind: "rate", perSecond: 1_000 } });
    assert.deepEqual([paced.faultCount, paced.acks.count, paced.deliveries.count], [0, 50, 100]);
    const flood = await drive(stage, "flood", 301, { pace: { kind: "window", unackedMax: 32 } });
    assert.deepEqual([flood.faultCount, flood.acks.count, flood.deliveries.count], [0, 301, 602]);
    await closeStage(stage);
  });

  it("complains when the server gives a reader a message of elsewhere", async () => {
    // Socket 1 hears chat 4 as well, where nobody expects it.
    const chats = [
      { id: 3, headSeq: 0, readers: [0, 1] },
      { id: 4, headSeq: 0, readers: [0] },
    ];
    const doors = ["3.4", "3.4"].map((token) => ({ base: server.url, token }));
    const stage = await openStage(doors, chats);
    const report = await drive(stage, "flood", 20, { pace: { kind: "window", unackedMax: 1 } });
    assert.ok(report.faultCount > 0);
    await closeStage(stage);
  });
});

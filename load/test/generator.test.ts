/** A generator process against the bare server: what a scenario orders, and what it is told when the server goes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startGenerator } from "../src/generator/generator-process.ts";
import { readUsage } from "../src/process-usage.ts";
import { startControl } from "../src/scenario/control.ts";

const chats = [
  { id: 1, headSeq: 0, readers: [0, 1, 2] },
  { id: 2, headSeq: 0, readers: [2, 3] },
];
const tokens = ["1", "1", "1.2", "2"];
const pace = { kind: "rate", perSecond: 500 } as const;

describe("a generator process", () => {
  it("opens sockets, drives them in several phases, and closes them with none lost", async () => {
    const server = await startControl();
    const generator = startGenerator("test", () => {});
    try {
      const doors = tokens.map((token) => ({ base: server.url, token }));
      const opened = await generator.open({ doors, chats, opensMax: 2 });
      assert.deepEqual([opened.sockets, opened.hellos.count], [4, 4]);
      for (const name of ["first", "second"]) {
        const report = await generator.drive(name, 40, pace);
        assert.deepEqual(report.faults, []);
        assert.deepEqual([report.acks.count, report.deliveries.count, report.deliveriesDue], [40, 100, 100]);
      }
      assert.ok((await readUsage(server.pid)).rssBytes > 10e6);
      assert.deepEqual(await generator.close(), []);
    } finally {
      await Promise.all([generator.end(), server.close()]);
    }
  });

  it("tells every socket that was lost, and fails an order that cannot be done", async () => {
    const server = await startControl();
    const generator = startGenerator("test", () => {});
    try {
      await assert.rejects(generator.drive("early", 1, pace), /before open/);
      const doors = tokens.map((token) => ({ base: server.url, token }));
      await generator.open({ doors, chats, opensMax: 4 });
      process.kill(server.pid, "SIGKILL");
      await server.exited;
      await assert.rejects(generator.open({ doors, chats, opensMax: 4 }), /ECONNREFUSED/);
      assert.equal((await generator.close()).length, 4);
    } finally {
      await Promise.all([generator.end(), server.close()]);
    }
  });
});

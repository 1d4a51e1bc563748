/** Postgres is away: whoever asks is told so, on sockets as by REST, with when to repeat; when it is back, so is everything. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FrameOf, until } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { createGroup, type Person, type Problem, register, request } from "./rest.ts";
import { openSocket, type Socket, UpgradeRefused } from "./socket.ts";

/** Questions of each kind on the socket; all are one warning a second. */
const askedMax = 40;
const answersMs = 60_000;

describe("while Postgres is away", () => {
  let cluster: Cluster;
  let ann: Person;
  let socket: Socket;
  let chatId: number;
  let stoppedMs = 0;

  before(async () => {
    cluster = await openCluster();
    ann = await register(cluster.base, "ann");
    chatId = (await createGroup(cluster.base, ann, [], "outage")).id;
    socket = await openSocket({ base: cluster.base, token: ann.token });
    await socket.say(chatId, "before");
    // Whoever would start it again stands still.
    process.kill(cluster.pid, "SIGSTOP");
    cluster.kill("postgres");
    stoppedMs = performance.now();
    // Its children notice a moment later.
    await until(async () => (await history()).status === 503, { withinMs: answersMs, what: "a 503" });
  });
  after(async () => {
    process.kill(cluster.pid, "SIGCONT");
    await cluster.close();
  });

  const history = () =>
    request<Problem>(cluster.base, "GET", `/v1/chats/${chatId}/messages`, { token: ann.token });

  function refusalOf(uuid: string): Promise<FrameOf<"Error">> {
    return socket.frame("Error", (frame) => frame.uuid === uuid, { withinMs: answersMs });
  }

  it("what a socket asks of it is `unavailable`, with when to repeat, and the socket stays", async () => {
    const forward = { chatId, seq: 1, senderId: ann.userId };
    const asked: Promise<FrameOf<"Error">>[] = [];
    for (let each = 0; each < askedMax; each++) {
      for (const frame of [
        { type: "InlineQuery", uuid: `inline-${each}`, bot: "@nobody_bot", query: "tea" },
        { type: "Join", uuid: `join-${each}`, code: "a-link-of-nobody" },
        { type: "SendMessage", uuid: `forward-${each}`, chatId, body: "x", forward },
      ]) {
        socket.sendRaw(JSON.stringify(frame));
        asked.push(refusalOf(frame.uuid));
      }
    }
    for (const { uuid, code, retryMs = 0 } of await Promise.all(asked)) {
      assert.deepEqual([uuid, code], [uuid, "unavailable"]);
      assert.ok(retryMs > 0, `${uuid}: when to repeat`);
    }
    const from = socket.journal.length;
    socket.send({ type: "Watch", channels: [`chat:${chatId}`] });
    const refused = await socket.frame("Error", () => true, { after: from, withinMs: answersMs });
    assert.equal(refused.code, "unavailable");
    await socket.ping();
  });

  it("REST says the same, and who comes with a socket is to come again", async () => {
    const { status, headers, body } = await history();
    assert.deepEqual([status, body.code], [503, "unavailable"]);
    assert.ok(Number(headers.get("retry-after")) >= 1);
    await assert.rejects(openSocket({ base: cluster.base, token: ann.token }), (error: Error) =>
      // Let in by what is remembered of its rights, it cannot be told of its chats.
      error instanceof UpgradeRefused ? error.status === 503 : /closed with 4101/.test(error.message),
    );
  });

  it("the edge says so once a second, and takes it for no bug", async () => {
    const lines = cluster.log().split("\n");
    const seconds = (performance.now() - stoppedMs) / 1_000;
    const warnings = lines.filter((line) => line.includes("Postgres could not be asked")).length;
    assert.ok(warnings >= 1 && warnings <= seconds + 2, `${warnings} warnings in ${seconds} s`);
    assert.deepEqual(
      lines.filter((line) => line.includes("met a bug")),
      [],
    );
    assert.deepEqual(
      lines.filter((line) => line.includes("a socket could not be opened")),
      [],
      "nor says it once more for each socket",
    );
  });

  it("when it is back the same socket is answered", async () => {
    process.kill(cluster.pid, "SIGCONT");
    for (let each = 0; ; each++) {
      const answer = await socket.submit(chatId, "after", "after", answersMs);
      if (answer.type === "Ack") break;
      assert.equal(answer.code, "unavailable");
      assert.ok(each < 10, "it came back");
    }
  });
});

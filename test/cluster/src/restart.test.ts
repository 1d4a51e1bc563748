/** Stop and start: nobody has to log in again, nothing said is lost, whoever was away catches up. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { catchUp } from "./catch-up.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { agreementFaults, orderFaults } from "./order-check.ts";
import { createDirect, expect, login, type Person, readHistory, register, request } from "./rest.ts";
import { openSocket } from "./socket.ts";
import { nameBatch, write } from "./writer.ts";

describe("a cluster that was stopped and started", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;

  before(async () => {
    cluster = await openCluster();
    [ann, bob] = await Promise.all([register(cluster.base, "ann"), register(cluster.base, "bob")]);
  });
  after(() => cluster?.close());

  it("has its history, its logins and its chats, and gives who was away exactly what was missed", async () => {
    const chat = await createDirect(cluster.base, ann, bob);
    const writer = await openSocket({ base: cluster.base, token: ann.token });
    const reader = await openSocket({ base: cluster.base, token: bob.token });
    await write(writer, nameBatch(chat.id, "seen", 30));
    const seen = [...(await reader.heard(chat.id, 30))];
    await reader.close();
    await write(writer, nameBatch(chat.id, "missed", 40));
    const before = await readHistory(cluster.base, ann, chat.id);
    const { userRev } = await reader.frame("Hello");

    await cluster.restart();

    const after = await readHistory(cluster.base, ann, chat.id);
    assert.deepEqual(after, before, "history is word for word what it was");
    assert.equal((await login(cluster.base, bob)).userId, bob.userId);
    const refreshed = await request<{ accessToken: string }>(cluster.base, "POST", "/v1/auth/refresh", {
      body: { refreshToken: bob.refreshToken },
    });
    assert.equal(refreshed.status, 200, refreshed.text);
    const chats = await expect<{ items: readonly { id: number; headSeq: number }[] }>(
      200,
      cluster.base,
      "GET",
      "/v1/chats",
      { token: ann.token },
    );
    assert.deepEqual(
      chats.items.map(({ id, headSeq }) => [id, headSeq]),
      [[chat.id, 70]],
    );

    // The access token of before the stop is still good: the key outlives the processes.
    const back = await openSocket({ base: cluster.base, token: bob.token, resume: true });
    const missed = await catchUp(back, chat.id, { seq: 30, rev: 0 }, userRev);
    assert.deepEqual(orderFaults("Sync", missed.messages, { first: 31, last: 70 }), []);
    assert.deepEqual(agreementFaults(["Sync", "history"], missed.messages, after.items), []);
    assert.deepEqual(agreementFaults(["live", "history"], seen, after.items), []);

    const again = await openSocket({ base: cluster.base, token: ann.token });
    const ack = await again.say(chat.id, "afterwards");
    assert.equal(ack.seq, 71, "the sequence goes on");
    assert.equal((await back.heard(chat.id, 1))[0]?.seq, 71);
    await Promise.all([back.close(), again.close()]);
  });

  it("tells sockets to come back, with Draining or a 40xx close, when it is stopped", async () => {
    const socket = await openSocket({ base: cluster.base, token: ann.token });
    const [closed] = await Promise.all([socket.closed, cluster.restart()]);
    const drained = socket.journal.some(({ type }) => type === "Draining");
    assert.ok(
      drained || (closed.code >= 4000 && closed.code < 4100),
      `closed with ${closed.code} and no Draining`,
    );
  });
});

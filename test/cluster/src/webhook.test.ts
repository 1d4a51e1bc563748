/** Outgoing webhooks as their receivers see them: what comes, signed by what, tracked how, and sent again. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ChatBody, type MessageBody, until } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { createGroup, type Person, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";
import { done } from "./answer.ts";
import {
  type DeliveryBody,
  type EndpointBody,
  enrolAdmin,
  type Hook,
  type HookStage,
  openHookStage,
  takes,
  type Told,
  withinMs,
} from "./webhook/stage.ts";

describe("outgoing webhooks", () => {
  let cluster: Cluster;
  let stage: HookStage;
  let ann: Person;
  let bob: Person;
  let admin: Person;
  let socket: Socket;

  before(async () => {
    cluster = await openCluster({ edges: 2, couriers: 2 });
    stage = await openHookStage(cluster);
    ann = await register(cluster.base, "ann");
    bob = await register(cluster.base, "bob");
    admin = await enrolAdmin(cluster, stage);
    socket = await openSocket({ base: cluster.edges[1] as string, token: bob.token });
  });
  after(async () => {
    await socket?.close();
    await cluster?.close();
    await stage?.close();
  });

  const openChat = (): Promise<ChatBody> => createGroup(cluster.base, ann, [bob], "rooks");
  const say = (chatId: number, body: string, more: object = {}, by = ann): Promise<MessageBody> =>
    stage.ask(201, by, "POST", `/v1/chats/${chatId}/messages`, { body: { body, ...more } });
  const chatOf = (told: Told | undefined): ChatBody => told?.data["chat"] as ChatBody;
  /** An endpoint for a chat's messages alone. */
  const listen = (chatId: number, more: object = {}): Promise<Hook> =>
    stage.make(ann, { scope: "chat", chatId, events: ["message.created"], ...more });
  const settled = async (hook: Hook, id: string, status: string) => {
    await until(async () => (await stage.delivery(ann, id)).status === status, {
      withinMs,
      what: `${id} is ${status} at ${hook.path}`,
    });
    return await stage.delivery(ann, id);
  };

  it("[CONTRACT §5] tells what happens in a chat, in its order, each by its type and once", async () => {
    const chat = await openChat();
    const hook = await stage.make(ann, { scope: "chat", chatId: chat.id, fifo: true });
    const path = `/v1/chats/${chat.id}`;
    const first = await say(chat.id, "first");
    await done(socket, { type: "SendMessage", chatId: chat.id, body: "second", replyTo: first.seq });
    await stage.ask(200, ann, "PATCH", `${path}/messages/${first.seq}`, { body: { body: "changed" } });
    const thumb = encodeURIComponent("👍");
    await stage.ask(204, bob, "PUT", `${path}/messages/${first.seq}/reactions/${thumb}`);
    await stage.ask(204, ann, "DELETE", `${path}/messages/${first.seq}`);
    const eve = await register(cluster.base, "eve");
    await stage.ask(200, ann, "POST", `${path}/invite`, { body: { userIds: [eve.userId] } });
    await stage.ask(200, ann, "PATCH", path, { body: { title: "ravens" } });
    await stage.ask(204, bob, "POST", `${path}/read`, { body: { seq: first.seq } });
    await until(() => hook.types().includes("receipt.changed"), { withinMs, what: "a receipt" });
    await until(() => hook.types().includes("chat.updated"), { withinMs, what: "another title" });
    const told = hook.told();
    const own = told.filter(({ data }) => data["kind"] !== "service" && !("receipts" in data));
    assert.deepEqual(
      own.map(({ type }) => type),
      [
        "message.created",
        "message.created",
        "message.edited",
        "reaction.changed",
        "message.deleted",
        "member.changed",
        "chat.updated",
      ],
    );
    const [made, answer, edited, reaction, deleted, member, updated] = own;
    assert.deepEqual(made?.data, { ...first, chat: made?.data["chat"] }, "data is the message and its chat");
    assert.deepEqual([chatOf(made).id, chatOf(made).type], [chat.id, chat.type]);
    assert.equal(answer?.data["replyTo"], first.seq);
    assert.deepEqual([edited?.data["seq"], edited?.data["body"]], [first.seq, "changed"]);
    assert.deepEqual(reaction?.data["reaction"], { userId: bob.userId, emoji: "👍", remove: false });
    assert.equal(typeof deleted?.data["deletedAt"], "number");
    assert.deepEqual([member?.data["userId"], member?.data["change"]], [eve.userId, "joined"]);
    assert.equal(chatOf(updated).title, "ravens");
    const receipts = told.filter(({ type }) => type === "receipt.changed");
    const marks = receipts.flatMap(({ data }) => data["receipts"] as { userId: number; readSeq: number }[]);
    assert.ok(marks.some(({ userId, readSeq }) => userId === bob.userId && readSeq >= first.seq));
    for (const { timestamp } of told) assert.equal(new Date(timestamp).toISOString(), timestamp);
    assert.equal(new Set(hook.seen().map(({ id }) => id)).size, hook.seen().length, "nothing came twice");
  });

  it("an endpoint hears of everything acked after it was made, and of nothing after it was deleted", async () => {
    const chat = await openChat();
    const hook = await listen(chat.id);
    for (let at = 1; at <= 5; at += 1) await say(chat.id, `heard ${at}`);
    await hook.heard(5);
    await stage.ask(204, ann, "DELETE", `/v1/webhooks/${hook.id}`);
    const other = await listen(chat.id);
    await say(chat.id, "unheard");
    await other.heard(1);
    assert.deepEqual(
      hook
        .told()
        .map(({ data }) => String(data["body"]))
        .toSorted(),
      ["heard 1", "heard 2", "heard 3", "heard 4", "heard 5"],
    );
    assert.equal(
      (await request(cluster.base, "GET", `/v1/webhooks/${hook.id}`, { token: ann.token })).status,
      404,
    );
  });

  it("a delivery's state and its attempts are read within a second of the answer; the figure", async () => {
    const chat = await openChat();
    const hook = await listen(chat.id);
    const times: number[] = [];
    for (let at = 1; at <= 10; at += 1) {
      await say(chat.id, `no. ${at}`);
      await hook.heard(at);
      const { id, body } = hook.seen()[at - 1] as { id: string; body: string };
      const beganMs = performance.now();
      const delivery = await settled(hook, id, "delivered");
      times.push(performance.now() - beganMs);
      assert.equal(delivery.payload, body);
      const [attempt] = delivery.attempts;
      assert.equal(delivery.attempts.length, 1);
      assert.deepEqual([attempt?.n, attempt?.status, attempt?.response], [1, 200, "said 200"]);
    }
    const worstMs = Math.max(...times);
    console.log(`read as delivered at worst ${worstMs.toFixed(0)} ms after the answer, of ${times.length}`);
    assert.ok(worstMs < 10_000);
  });

  it("[Must show] standardwebhooks and svix verify every delivery, through rotations and with v1a", async () => {
    const chat = await openChat();
    const hook = await listen(chat.id);
    const first = hook.secret;
    let sent = 0;
    /** Sends until a delivery is signed as wanted: couriers hear of a change a moment later. */
    const sendUntil = (
      wanted: (secrets: readonly string[], signatures: string) => boolean,
      secrets: readonly string[],
    ) =>
      until(
        async () => {
          await say(chat.id, `signed ${(sent += 1)}`);
          await hook.heard(sent);
          const { headers, body } = hook.seen().at(-1) as { headers: Record<string, string>; body: string };
          const by = secrets.filter((secret) => takes(secret, body, headers));
          return wanted(by, headers["webhook-signature"] ?? "");
        },
        { withinMs, what: "a delivery signed anew" },
      );
    await sendUntil((by) => by.length === 1, [first]);
    const rotate = (body: object) =>
      stage.ask<EndpointBody>(200, ann, "POST", `/v1/webhooks/${hook.id}/rotate`, { body });
    const { secret: second = "", publicKey = "" } = await rotate({ signatures: ["v1", "v1a"] });
    hook.keys = { secrets: [first, second], publicKeys: [] };
    await sendUntil((by, signatures) => by.length === 2 && /v1a,/.test(signatures), [first, second]);
    hook.keys = { secrets: [first, second], publicKeys: [publicKey] };
    for (let at = 0; at < 20; at += 1) await sendUntil((by) => by.length === 2, [first, second]);
    // At once: neither of the old ones signs any more. A courier may hear of it a moment later.
    const { secret: third = "", publicKey: another = "" } = await rotate({ graceMs: 0 });
    hook.keys = { secrets: [first, second, third], publicKeys: [] };
    await sendUntil((by) => by.length === 1, [first, second, third]);
    hook.keys = { secrets: [third], publicKeys: [another] };
    for (let at = 0; at < 20; at += 1) await sendUntil((by) => by.length === 1, [third]);
    console.log(`${stage.verified()} deliveries verified by both, ${sent} of them through two rotations`);
  });

  it("what fails is tried again under its id, and dead in the end; replayed and recovered it arrives", async () => {
    const chat = await openChat();
    const hook = await listen(chat.id, { retry: { schedule: [0, 50] } });
    stage.behave(hook, () => 500);
    for (const body of ["one", "two", "three"]) await say(chat.id, body);
    await until(async () => (await stage.deliveries(ann, hook, "dead")).length === 3, { withinMs });
    assert.equal(hook.told().length, 3);
    const dead = await stage.deliveries(ann, hook, "dead");
    for (const { id, attemptCount, lastStatus } of dead) {
      assert.deepEqual([attemptCount, lastStatus], [2, 500]);
      assert.equal(hook.seen().filter((seen) => seen.id === id).length, 2);
      const { attempts } = await stage.delivery(ann, id);
      assert.deepEqual(
        attempts.map(({ n, status }) => [n, status]),
        [
          [1, 500],
          [2, 500],
        ],
      );
    }
    stage.behave(hook, () => 200);
    const [one] = dead as [DeliveryBody];
    await stage.ask(202, ann, "POST", `/v1/deliveries/${one.id}/replay`);
    assert.equal((await settled(hook, one.id, "delivered")).attemptCount, 3);
    const path = `/v1/webhooks/${hook.id}/recover`;
    const { count } = await stage.ask<{ count: number }>(202, ann, "POST", path, { body: { since: 0 } });
    assert.equal(count, 2);
    await until(async () => (await stage.deliveries(ann, hook, "delivered")).length === 3, { withinMs });
    const again = await stage.ask<{ count: number }>(202, ann, "POST", path, {
      body: { since: 0, delivered: true },
    });
    assert.equal(again.count, 3);
    await until(() => hook.seen().length === 6 + 3 + 3, { withinMs, what: "everything once more" });
    assert.equal(hook.told().length, 3, "all under their ids");
  });

  it("[CONTRACT §2] a test event goes the way all go", async () => {
    const hook = await stage.make(ann, { scope: "chat", chatId: (await openChat()).id });
    const asked = await stage.ask<DeliveryBody>(202, ann, "POST", `/v1/webhooks/${hook.id}/test`);
    const [told] = await hook.heard(1);
    assert.equal(told?.type, "endpoint.test");
    await settled(hook, asked.id, "delivered");
  });

  it("Retry-After is waited for, between the step and twice that", async () => {
    const chat = await openChat();
    const hook = await listen(chat.id, { retry: { schedule: [0, 1_000, 1_000] } });
    let count = 0;
    stage.behave(hook, () => {
      count += 1;
      if (count === 1) return { status: 429, headers: { "retry-after": "2" } };
      return count === 2 ? { status: 503, headers: { "retry-after": "3600" } } : 200;
    });
    await say(chat.id, "slowly");
    await until(() => hook.seen().length === 3, { withinMs, what: "three attempts" });
    const [first = 0, second = 0, third = 0] = hook.seen().map(({ atMs }) => atMs);
    console.log(
      `asked for 2 s: ${second - first} ms; asked for an hour with a step of 1 s: ${third - second} ms`,
    );
    assert.ok(second - first >= 1_950, "as asked");
    assert.ok(third - second >= 1_950, "twice its step, no more");
  });

  it("410 disables it: others of its owner are told, nothing is sent any more, and enabled it goes on", async () => {
    const ofAll = await stage.make(admin, {
      scope: "all",
      events: ["endpoint.disabled", "delivery.exhausted"],
    });
    const chat = await createGroup(cluster.base, admin, [bob], "gone");
    const hook = await stage.make(admin, { scope: "chat", chatId: chat.id, events: ["message.created"] });
    stage.behave(hook, () => 410);
    const first = await say(chat.id, "gone", {}, admin);
    await until(async () => (await stage.endpoint(admin, hook)).status === "disabled", { withinMs });
    assert.equal((await stage.endpoint(admin, hook)).disabledReason, "gone");
    await until(() => ofAll.types().includes("endpoint.disabled"), { withinMs });
    const word = ofAll.told().find(({ type }) => type === "endpoint.disabled");
    assert.equal(word?.data["endpointId"], hook.id);
    stage.behave(hook, () => 200);
    await say(chat.id, "unheard", {}, admin);
    const refused = await request(cluster.base, "POST", `/v1/webhooks/${hook.id}/test`, {
      token: admin.token,
    });
    assert.equal(refused.status, 409);
    await stage.ask(200, admin, "POST", `/v1/webhooks/${hook.id}/enable`);
    await say(chat.id, "heard", {}, admin);
    await until(() => hook.told().some(({ data }) => data["body"] === "heard"), { withinMs });
    assert.deepEqual(
      hook.seen().map(({ body }) => (JSON.parse(body) as { data: { body: string } }).data.body),
      ["gone", "heard"],
    );
    const [dead] = await stage.deliveries(admin, hook, "dead");
    assert.ok(dead?.id.endsWith(`m${first.seq}`));
  });

  it("every delivery of this file was verified", () => {
    assert.ok(stage.verified() > 60);
  });
});

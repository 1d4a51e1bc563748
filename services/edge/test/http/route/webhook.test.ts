import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { openSecretBox, parseMasterKey } from "@rookery/auth";
import { forbiddenUrls } from "@rookery/kit";
import type { WebhookDelivery } from "@rookery/protocol";
import { webhookSecretOwner, readEndpointSecrets } from "@rookery/store";
import { openEdgeFixture } from "../../edge-fixture.ts";

const told: WebhookDelivery[] = [];
const epochMs = 1_800_000_000_000;
let nowMs = epochMs;
const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }), {
  jobWakes: { tell: (delivery) => told.push(delivery) },
  now: () => nowMs,
});
after(() => edge.close());

type Person = Awaited<ReturnType<typeof edge.person>>;
interface Body {
  readonly id: number;
  readonly [field: string]: unknown;
  readonly secret?: string;
  readonly publicKey?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly items: readonly { readonly id: string; readonly secret?: string }[];
  readonly secrets: readonly { readonly kind: string; readonly expiresAt: number | null }[];
  readonly nextCursor: string | null;
}

async function ask(person: Person, method: string, path: string, body?: object, key?: string) {
  const response = await edge.app.request(path, {
    method,
    headers: {
      authorization: `Bearer ${person.token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (response.status === 204 ? {} : await response.json()) as Body };
}

let chats = 0;
async function openChat(...members: readonly Person[]): Promise<number> {
  chats += 1;
  await edge.store.query(
    "insert into chat (id, type, rev, created_by, created_ms) values ($1, 'group', 0, $2, 1)",
    [chats, members[0]?.id],
  );
  for (const { id } of members) {
    await edge.store.query(
      "insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev) values ($1, $2, 'member', 0, 1, 0)",
      [chats, id],
    );
  }
  return chats;
}

async function openEndpoint(person: Person, more: object = {}): Promise<Body> {
  const draft = { url: "https://example.com/hook", scope: "chat", chatId: await openChat(person), ...more };
  const { status, body } = await ask(person, "POST", "/v1/webhooks", draft);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** A delivery as its courier leaves it. */
async function leave(endpointId: number, name: string, state: string, createdMs = epochMs): Promise<string> {
  const id = `msg_${endpointId}_${name}`;
  await edge.store.query(
    "insert into webhook_event (id, type, payload, created_ms) values ($1, 'message.created', $2, $3)",
    [`${endpointId}${name}`, `{"type":"message.created","data":{"body":"${name}"}}`, createdMs],
  );
  await edge.store.query(
    `insert into webhook_delivery (id, endpoint_id, event_id, type, chat_id, place, sub, state, attempts, tries, next_ms,
       status, error, created_ms, done_ms)
     values ($1, $2, $3, 'message.created', 5, 1, 0, $4, $5, $5, $6, $7, null, $6, $8)`,
    [
      id,
      endpointId,
      `${endpointId}${name}`,
      state,
      state === "pending" ? 0 : 5,
      createdMs,
      state === "pending" ? null : 500,
      state === "pending" ? null : createdMs + 9,
    ],
  );
  return id;
}

describe("endpoints", () => {
  test("are made with a secret that is told once and lies sealed, bound to its endpoint", async () => {
    const ada = await edge.person();
    const made = await openEndpoint(ada, { events: ["message.created", "message.created"], fifo: true });
    assert.match(made.secret ?? "", /^whsec_/);
    assert.deepEqual([made["events"], made["fifo"], made["status"]], [["message.created"], true, "enabled"]);
    const read = await ask(ada, "GET", `/v1/webhooks/${made.id}`);
    assert.equal(read.body.secret, undefined);
    const page = await ask(ada, "GET", "/v1/webhooks?limit=1");
    assert.equal(page.body.items[0]?.secret, undefined);
    const [row] = await readEndpointSecrets(edge.store, [made.id], nowMs);
    assert.ok(row && !row.box.includes(Buffer.from(made.secret?.slice(6) ?? "", "base64")));
    const box = openSecretBox(parseMasterKey(Buffer.alloc(32, 7)));
    assert.equal(box.openSecret(row, webhookSecretOwner(made.id)), made.secret);
    assert.throws(() => box.openSecret(row, webhookSecretOwner(made.id + 1)));
    const { rows } = await edge.store.query("select kind, detail from audit where user_id = $1", [ada.id]);
    assert.deepEqual(rows, [{ kind: "endpoint_created", detail: { endpointId: made.id } }]);
  });

  test("the same request again has the first answer, with its secret; another's request of that name has its own", async () => {
    const [ada, bob] = [await edge.person(), await edge.person()];
    const chatId = await openChat(ada, bob);
    const draft = { url: "https://example.com/", scope: "chat", chatId, signatures: ["v1", "v1a"] };
    const first = await ask(ada, "POST", "/v1/webhooks", draft, "the-same");
    const again = await ask(ada, "POST", "/v1/webhooks", draft, "the-same");
    assert.deepEqual([first.status, again.status], [201, 200]);
    assert.deepEqual(again.body, first.body);
    assert.match(first.body.publicKey ?? "", /^whpk_/);
    const other = await ask(bob, "POST", "/v1/webhooks", draft, "the-same");
    assert.equal(other.status, 201);
    assert.notEqual(other.body.id, first.body.id);
  });

  test("every change of one is a newer version of the facts that chats decide by", async () => {
    const ada = await edge.person();
    const version = async (): Promise<number> => {
      const { rows } = await edge.store.query<{ version: number }>("select version from fact_version");
      return rows[0]?.version ?? 0;
    };
    let last = await version();
    const grown = async (): Promise<boolean> => {
      const before = last;
      last = await version();
      return last > before;
    };
    const { id } = await openEndpoint(ada);
    assert.ok(await grown());
    for (const [method, path, body] of [
      ["PUT", `/v1/webhooks/${id}`, { events: ["message.edited"] }],
      ["POST", `/v1/webhooks/${id}/enable`, undefined],
      ["DELETE", `/v1/webhooks/${id}`, undefined],
    ] as const) {
      await ask(ada, method, path, body);
      assert.ok(await grown(), `${method} ${path}`);
    }
  });

  test("are changed field by field; null is the default again", async () => {
    const ada = await edge.person();
    const { id } = await openEndpoint(ada, {
      rateLimit: 9,
      retry: { schedule: [0, 1_000] },
      events: ["chat.updated"],
    });
    const change = { url: "https://example.org/", retry: { schedule: "standard" }, rateLimit: null };
    const { status, body } = await ask(ada, "PUT", `/v1/webhooks/${id}`, change);
    assert.equal(status, 200);
    assert.deepEqual(
      [body["url"], body["retry"], body["rateLimit"], body["events"], body["scope"]],
      ["https://example.org/", { schedule: "standard" }, null, ["chat.updated"], "chat"],
    );
  });

  test("what is wrong is named", async () => {
    const ada = await edge.person();
    const chatId = await openChat(ada);
    const fine = { url: "https://example.com/", scope: "chat", chatId };
    for (const [change, path] of [
      [{ url: "not a url" }, "url"],
      [{ url: "ftp://example.com/" }, "url"],
      [{ url: "https://me:secret@example.com/" }, "url"],
      [{ chatId: undefined }, "chatId"],
      [{ scope: "bot" }, "botId"],
      [{ scope: "reply" }, "botId"],
      [{ scope: "some" }, "scope"],
      [{ events: ["message.sent"] }, "events.0"],
      [{ events: [] }, "events"],
      [{ rateLimit: 0 }, "rateLimit"],
      [{ retry: { schedule: "often" } }, "retry.schedule"],
      [{ retry: { schedule: [-1] } }, "retry.schedule"],
      [{ retry: { schedule: "standard", attempts: 3 } }, "retry.attempts"],
    ] as const) {
      const { status, body } = await ask(ada, "POST", "/v1/webhooks", { ...fine, ...change });
      assert.deepEqual([status, body.code], [400, "invalid"], JSON.stringify(change));
      assert.ok(body.errors?.[0]?.path.startsWith(path), `${path}: ${JSON.stringify(body.errors)}`);
    }
  });

  test("[H7] no endpoint is made for an address that is not public, however it is spelled, nor changed to one", async () => {
    const ada = await edge.person();
    const { id } = await openEndpoint(ada);
    const chatId = await openChat(ada);
    for (const url of forbiddenUrls(8080)) {
      const made = await ask(ada, "POST", "/v1/webhooks", { url, scope: "chat", chatId });
      assert.equal(made.status, 400, url);
      assert.deepEqual(made.body.errors, [{ path: "url", message: "must have a public address" }]);
      assert.equal((await ask(ada, "PUT", `/v1/webhooks/${id}`, { url })).status, 400, url);
    }
  });
});

describe("who may have one", () => {
  test("of a chat who reads it, of a bot its owner, of everything admins; another's are not there", async () => {
    const [ada, bob] = [await edge.person(), await edge.person()];
    const chatId = await openChat(ada);
    const url = "https://example.com/";
    const made = await ask(ada, "POST", "/v1/webhooks", { url, scope: "chat", chatId });
    assert.equal(made.status, 201);
    const bot = await ask(ada, "POST", "/v1/bots", {
      username: "hooked_bot",
      displayName: "Hooked",
      mode: "webhook",
      token: `123456789:${"A".repeat(35)}`,
    });
    const botId = bot.body.id;
    for (const [person, draft, status] of [
      [bob, { url, scope: "chat", chatId }, 404],
      [bob, { url, scope: "chat", chatId: 999_999 }, 404],
      [ada, { url, scope: "bot", botId }, 201],
      [ada, { url, scope: "reply", botId }, 201],
      [bob, { url, scope: "bot", botId }, 404],
      [bob, { url, scope: "reply", botId }, 404],
      [ada, { url, scope: "all" }, 403],
    ] as const) {
      assert.equal((await ask(person, "POST", "/v1/webhooks", draft)).status, status, JSON.stringify(draft));
    }
    const { id } = made.body;
    const delivery = await leave(id, "m1", "dead");
    for (const [method, path, body] of [
      ["GET", `/v1/webhooks/${id}`, undefined],
      ["PUT", `/v1/webhooks/${id}`, { fifo: true }],
      ["DELETE", `/v1/webhooks/${id}`, undefined],
      ["POST", `/v1/webhooks/${id}/rotate`, {}],
      ["POST", `/v1/webhooks/${id}/enable`, undefined],
      ["POST", `/v1/webhooks/${id}/test`, undefined],
      ["POST", `/v1/webhooks/${id}/recover`, { since: 0 }],
      ["GET", `/v1/webhooks/${id}/deliveries`, undefined],
      ["GET", `/v1/deliveries/${delivery}`, undefined],
      ["POST", `/v1/deliveries/${delivery}/replay`, undefined],
    ] as const) {
      assert.equal((await ask(bob, method, path, body)).status, 404, `${method} ${path}`);
    }
    assert.deepEqual((await ask(bob, "GET", "/v1/webhooks")).body.items, []);
    // Nor may one that is had be turned into more.
    assert.equal((await ask(ada, "PUT", `/v1/webhooks/${id}`, { scope: "all" })).status, 403);
    await edge.store.query("update users set role = 'admin' where id = $1", [bob.id]);
    edge.context.access.learn(Number.MAX_SAFE_INTEGER);
    assert.equal((await ask(bob, "POST", "/v1/webhooks", { url, scope: "all" })).status, 201);
    assert.equal((await ask(bob, "POST", "/v1/webhooks", { url, scope: "bot", botId })).status, 201);
  });
});

describe("secrets", () => {
  test("another takes its place at once, the old one signs until the grace is over", async () => {
    nowMs = epochMs;
    const ada = await edge.person();
    const made = await openEndpoint(ada);
    const path = `/v1/webhooks/${made.id}/rotate`;
    const first = await ask(ada, "POST", path);
    assert.equal(first.status, 200);
    assert.notEqual(first.body.secret, made.secret);
    assert.deepEqual(
      first.body.secrets.map(({ expiresAt }) => expiresAt),
      [null, epochMs + 24 * 3_600_000],
    );
    const second = await ask(ada, "POST", path, { graceMs: 1_000, signatures: ["v1", "v1a"] }, "turn");
    assert.match(second.body.publicKey ?? "", /^whpk_/);
    assert.deepEqual(await ask(ada, "POST", path, { graceMs: 1_000 }, "turn"), {
      ...second,
      body: second.body,
    });
    assert.deepEqual(
      second.body.secrets.map(({ kind, expiresAt }) => [kind, expiresAt]),
      [
        ["v1a", null],
        ["v1", null],
        ["v1", epochMs + 1_000],
        ["v1", epochMs + 1_000],
      ],
    );
    nowMs = epochMs + 1_001;
    const later = await ask(ada, "GET", `/v1/webhooks/${made.id}`);
    assert.equal(later.body.secrets.length, 2);
    // At once, where the old one is known to others.
    const last = await ask(ada, "POST", path, { graceMs: 0 });
    assert.deepEqual(
      last.body.secrets.map(({ kind }) => kind),
      ["v1a", "v1"],
    );
    nowMs = epochMs;
  });

  test("no more than five of a kind sign at once; a grace has its end", async () => {
    const ada = await edge.person();
    const path = `/v1/webhooks/${(await openEndpoint(ada)).id}/rotate`;
    for (let count = 0; count < 4; count += 1) assert.equal((await ask(ada, "POST", path)).status, 200);
    assert.equal((await ask(ada, "POST", path)).status, 409);
    assert.equal((await ask(ada, "POST", path, { graceMs: 0 })).status, 200);
    assert.equal((await ask(ada, "POST", path, { graceMs: 8 * 24 * 3_600_000 })).status, 400);
  });

  test("those of an endpoint that is gone are gone", async () => {
    const ada = await edge.person();
    const { id } = await openEndpoint(ada);
    assert.equal((await ask(ada, "DELETE", `/v1/webhooks/${id}`)).status, 204);
    assert.equal((await ask(ada, "DELETE", `/v1/webhooks/${id}`)).status, 404);
    assert.deepEqual(await readEndpointSecrets(edge.store, [id], nowMs), []);
  });
});

describe("deliveries", () => {
  test("are listed the newest first, by status, page by page", async () => {
    const ada = await edge.person();
    const { id } = await openEndpoint(ada);
    const ids: string[] = [];
    for (const [at, state] of ["dead", "delivered", "pending", "dead", "delivered"].entries()) {
      // Two at one time.
      ids.push(await leave(id, `m${at}`, state, epochMs + Math.floor(at / 2)));
    }
    const idsOf = async (query: string): Promise<string[]> => {
      const { body } = await ask(ada, "GET", `/v1/webhooks/${id}/deliveries${query}`);
      return body.items.map((each) => each.id);
    };
    const newest = ids.toReversed();
    assert.deepEqual(await idsOf(""), newest);
    assert.deepEqual(await idsOf("?status=dead"), [ids[3], ids[0]]);
    assert.deepEqual(await idsOf("?status=pending"), [ids[2]]);
    assert.deepEqual(await idsOf("?status=failed"), [ids[3], ids[0]]);
    assert.deepEqual(await idsOf(`?since=${epochMs + 1}`), newest.slice(0, 3));
    const paged: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = `?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const { body } = await ask(ada, "GET", `/v1/webhooks/${id}/deliveries${query}`);
      paged.push(...body.items.map((each) => each.id));
      cursor = body.nextCursor;
    }
    assert.deepEqual(paged, newest);
    assert.equal((await ask(ada, "GET", `/v1/webhooks/${id}/deliveries?cursor=nonsense`)).status, 400);
  });

  test("one is told with its body and every attempt", async () => {
    const ada = await edge.person();
    const { id } = await openEndpoint(ada);
    const delivery = await leave(id, "m1", "dead");
    await edge.store.query(
      `insert into webhook_attempt (delivery_id, n, at_ms, latency_ms, status, error, response)
       values ($1, 1, 100, 7, 500, null, 'no'), ($1, 2, 200, 15000, null, 'no answer in time', null)`,
      [delivery],
    );
    const { status, body } = await ask(ada, "GET", `/v1/deliveries/${delivery}`);
    assert.equal(status, 200);
    assert.equal(body["payload"], '{"type":"message.created","data":{"body":"m1"}}');
    assert.deepEqual(body["attempts"], [
      { n: 1, at: 100, latencyMs: 7, status: 500, error: null, response: "no" },
      { n: 2, at: 200, latencyMs: 15_000, status: null, error: "no answer in time", response: null },
    ]);
  });

  test("one is sent again under its id, with all its tries; what is under way is left alone", async () => {
    const ada = await edge.person();
    const { id } = await openEndpoint(ada);
    for (const state of ["dead", "delivered"]) {
      told.length = 0;
      const delivery = await leave(id, state, state);
      const { status, body } = await ask(ada, "POST", `/v1/deliveries/${delivery}/replay`);
      assert.deepEqual([status, body["status"], body["attemptCount"]], [202, "pending", 5]);
      assert.deepEqual(
        told.map((each) => each.id),
        [delivery],
      );
      await edge.store.query("update webhook_delivery set tries = 3 where id = $1", [delivery]);
      await ask(ada, "POST", `/v1/deliveries/${delivery}/replay`);
      assert.equal(told.length, 1);
      const { rows } = await edge.store.query("select tries from webhook_delivery where id = $1", [delivery]);
      assert.deepEqual(rows, [{ tries: 3 }]);
    }
    assert.equal((await ask(ada, "POST", "/v1/deliveries/msg_1_nothing/replay")).status, 404);
  });

  test("the dead of a time are sent again, or everything of it", async () => {
    const ada = await edge.person();
    const { id } = await openEndpoint(ada);
    for (let at = 0; at < 10; at += 1)
      await leave(id, `m${at}`, at % 2 === 0 ? "dead" : "delivered", epochMs + at);
    const path = `/v1/webhooks/${id}/recover`;
    const range = await ask(ada, "POST", path, { since: epochMs + 2, until: epochMs + 5 });
    assert.deepEqual([range.status, range.body], [202, { count: 2, more: false }]);
    const pending = async (): Promise<string[]> => {
      const { rows } = await edge.store.query<{ id: string }>(
        "select id from webhook_delivery where endpoint_id = $1 and state = 'pending' order by id",
        [id],
      );
      return rows.map((row) => row.id.slice(-2));
    };
    assert.deepEqual(await pending(), ["m2", "m4"]);
    nowMs = epochMs + 60_000;
    assert.deepEqual((await ask(ada, "POST", path, { since: epochMs })).body, { count: 3, more: false });
    assert.deepEqual(await pending(), ["m0", "m2", "m4", "m6", "m8"]);
    const all = await ask(ada, "POST", path, { since: epochMs + 5, delivered: true });
    assert.deepEqual(all.body, { count: 3, more: false });
    assert.deepEqual((await ask(ada, "POST", path, { since: epochMs, delivered: true })).body, {
      count: 2,
      more: false,
    });
    nowMs = epochMs;
  });

  test("a test is a delivery like any other; the same request again is the same delivery", async () => {
    const ada = await edge.person();
    const { id } = await openEndpoint(ada);
    told.length = 0;
    const first = await ask(ada, "POST", `/v1/webhooks/${id}/test`, undefined, "try");
    const again = await ask(ada, "POST", `/v1/webhooks/${id}/test`, undefined, "try");
    assert.deepEqual([first.status, again.status], [202, 200]);
    assert.deepEqual(again.body, first.body);
    assert.deepEqual([first.body["type"], first.body["status"]], ["endpoint.test", "pending"]);
    assert.equal(told.length, 1);
    assert.equal(told[0]?.id, String(first.body.id));
  });

  test("a disabled endpoint is enabled first", async () => {
    const ada = await edge.person();
    const { id } = await openEndpoint(ada);
    const delivery = await leave(id, "m1", "dead");
    await edge.store.query(
      "update webhook_endpoint set status = 'disabled', disabled_reason = 'gone', disabled_ms = 5 where id = $1",
      [id],
    );
    const refused = [
      await ask(ada, "POST", `/v1/webhooks/${id}/test`),
      await ask(ada, "POST", `/v1/webhooks/${id}/recover`, { since: 0 }),
      await ask(ada, "POST", `/v1/deliveries/${delivery}/replay`),
    ];
    assert.deepEqual(
      refused.map(({ status }) => status),
      [409, 409, 409],
    );
    const enabled = await ask(ada, "POST", `/v1/webhooks/${id}/enable`);
    assert.deepEqual(
      [enabled.status, enabled.body["status"], enabled.body["disabledAt"]],
      [200, "enabled", null],
    );
    assert.equal((await ask(ada, "POST", `/v1/deliveries/${delivery}/replay`)).status, 202);
  });
});

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openEdgeFixture } from "../../edge-fixture.ts";

const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }));
after(() => edge.close());

type Person = Awaited<ReturnType<typeof edge.person>>;
interface Body {
  readonly id: number;
  readonly total: number;
  readonly state: string;
  readonly code: string;
  readonly errors: readonly { readonly path: string }[];
  readonly items: readonly { readonly id: number; readonly chatId: number; readonly error: string }[];
  readonly nextCursor: string | null;
}

async function ask(person: Person, method: string, path: string, body?: object, key?: string) {
  const response = await edge.app.request(path, {
    method,
    headers: {
      authorization: `Bearer ${person.token}`,
      "content-type": "application/json",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

let bots = 0;
async function openBot(person: Person): Promise<{ readonly id: number; readonly path: string }> {
  bots += 1;
  const body = {
    username: `herald_${bots}`,
    displayName: "Herald",
    mode: "webhook",
    token: "123456:AAAA-bbbb_cccc",
  };
  const made = await ask(person, "POST", "/v1/bots", body);
  assert.equal(made.status, 201);
  return { id: made.body.id, path: `/v1/bots/${made.body.id}/broadcasts` };
}

let chats = 0;
/** A chat as its actor leaves it. */
async function openChat(
  botId: number,
  telegramChatId: number,
  more: { readonly status?: string; readonly wroteMs?: number; readonly deleted?: boolean } = {},
): Promise<number> {
  chats += 1;
  const place = {
    botId,
    chatId: telegramChatId,
    ...(more.status === undefined ? {} : { status: more.status }),
  };
  await edge.store.query(
    `insert into chat (id, type, rev, created_by, created_ms, deleted_ms, telegram)
     values ($1, 'telegram', 2, 1, 1, $2, $3)`,
    [chats, more.deleted === true ? 5 : null, JSON.stringify(place)],
  );
  for (const [seq, source, ts] of [
    [1, "telegram", more.wroteMs ?? 1],
    [2, "rest", 9_000],
  ]) {
    await edge.store.query(
      `insert into message (chat_id, seq, rev, sender_id, uuid, kind, body, source, ts)
       values ($1, $2::bigint, $2::bigint, 1, 'no. ' || $2::bigint, 'text', 'x', $3, $4)`,
      [chats, seq, source, ts],
    );
  }
  return chats;
}

async function targetsOf(broadcastId: number): Promise<number[]> {
  const { rows } = await edge.store.query<{ id: number }>(
    "select chat_id as id from broadcast_target where broadcast_id = $1 order by n",
    [broadcastId],
  );
  return rows.map(({ id }) => id);
}

const message = { body: "hello" };

test("goes to the chats that are named, each once, in their order", async () => {
  const ann = await edge.person();
  const bot = await openBot(ann);
  const [one, two] = [await openChat(bot.id, 11), await openChat(bot.id, 12)];
  const made = await ask(ann, "POST", bot.path, { chatIds: [two, one, two], message });
  assert.equal(made.status, 202);
  const { total, state } = made.body;
  assert.deepEqual({ total, state }, { total: 2, state: "running" });
  assert.deepEqual(await targetsOf(made.body.id), [two, one]);
  assert.deepEqual((await ask(ann, "GET", `${bot.path}/${made.body.id}`)).body, made.body);
  const list = await ask(ann, "GET", bot.path);
  assert.deepEqual(
    list.body.items.map(({ id }) => id),
    [made.body.id],
  );
});

test("a chat that is not the bot's is named, and nothing is made", async () => {
  const ann = await edge.person();
  const [bot, other] = [await openBot(ann), await openBot(ann)];
  const mine = await openChat(bot.id, 21);
  const foreign = await openChat(other.id, 22);
  const deleted = await openChat(bot.id, 23, { deleted: true });
  const refused = await ask(ann, "POST", bot.path, { chatIds: [mine, foreign, deleted, 999_999], message });
  assert.equal(refused.status, 400);
  assert.deepEqual(
    refused.body.errors.map(({ path }) => path),
    ["chatIds.1", "chatIds.2", "chatIds.3"],
  );
  assert.deepEqual((await ask(ann, "GET", bot.path)).body.items, []);
});

test("an audience is all chats of the bot but those it was put out of, or those that a filter leaves", async () => {
  const ann = await edge.person();
  const bot = await openBot(ann);
  await openChat((await openBot(ann)).id, 31);
  const russian = await openChat(bot.id, 31, { wroteMs: 5_000 });
  const brazilian = await openChat(bot.id, 32);
  const group = await openChat(bot.id, -33, { wroteMs: 6_000 });
  await openChat(bot.id, -34, { status: "kicked" });
  await openChat(bot.id, 35, { deleted: true });
  for (const [telegramId, language] of [
    [31, "ru"],
    [32, "pt-BR"],
  ] as const) {
    const { id } = await edge.person();
    await edge.store.query(
      `insert into telegram_user (telegram_id, user_id, first_name, language, created_ms, updated_ms)
       values ($1, $2, 'x', $3, 1, 1)`,
      [telegramId, id, language],
    );
  }
  for (const [audience, expected] of [
    [{}, [russian, brazilian, group]],
    [{ type: "private" }, [russian, brazilian]],
    [{ type: "group" }, [group]],
    [{ language: "pt" }, [brazilian]],
    [{ language: "RU" }, [russian]],
    [{ activeSince: 5_000 }, [russian, group]],
    [{ type: "private", activeSince: 5_000 }, [russian]],
  ] as const) {
    const made = await ask(ann, "POST", bot.path, { audience, message });
    assert.equal(made.status, 202, JSON.stringify(audience));
    assert.deepEqual(await targetsOf(made.body.id), expected, JSON.stringify(audience));
    assert.equal(made.body.total, expected.length);
  }
  const nobody = await ask(ann, "POST", bot.path, { audience: { language: "de" }, message });
  const { total, state } = nobody.body;
  assert.deepEqual({ total, state }, { total: 0, state: "done" });
});

test("a repeat of its request is the same broadcast, also at once", async () => {
  const ann = await edge.person();
  const bot = await openBot(ann);
  const chatIds = [await openChat(bot.id, 41)];
  const answers = await Promise.all(
    [1, 2, 3, 4].map(() => ask(ann, "POST", bot.path, { chatIds, message }, "monday")),
  );
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 200, 200, 202],
  );
  assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
});

test("is paused, resumed and cancelled, and no more once it has ended", async () => {
  const ann = await edge.person();
  const bot = await openBot(ann);
  const chatIds = [await openChat(bot.id, 51)];
  const { body } = await ask(ann, "POST", bot.path, { chatIds, message });
  const order = async (name: string) => {
    const answer = await ask(ann, "POST", `${bot.path}/${body.id}/${name}`);
    return `${answer.status} ${answer.status === 200 ? answer.body.state : answer.body.code}`;
  };
  for (const [name, expected] of [
    ["resume", "200 running"],
    ["pause", "200 paused"],
    ["pause", "200 paused"],
    ["resume", "200 running"],
    ["pause", "200 paused"],
    ["cancel", "200 cancelled"],
    ["cancel", "200 cancelled"],
    ["resume", "409 conflict"],
    ["pause", "409 conflict"],
  ] as const) {
    assert.equal(await order(name), expected, name);
  }
});

test("the chats that were not reached are told in pages, with the reasons", async () => {
  const ann = await edge.person();
  const bot = await openBot(ann);
  const chatIds = [await openChat(bot.id, 61), await openChat(bot.id, 62), await openChat(bot.id, 63)];
  const { body } = await ask(ann, "POST", bot.path, { chatIds, message });
  await edge.store.query(
    "update broadcast_target set state = 'failed', error = 'no. ' || n where broadcast_id = $1 and n <> 2",
    [body.id],
  );
  const path = `${bot.path}/${body.id}/failures?limit=1`;
  const first = await ask(ann, "GET", path);
  const second = await ask(ann, "GET", `${path}&cursor=${first.body.nextCursor}`);
  assert.deepEqual(
    [...first.body.items, ...second.body.items].map(({ chatId, error }) => [chatId, error]),
    [
      [chatIds[0], "no. 1"],
      [chatIds[2], "no. 3"],
    ],
  );
});

test("what cannot be sent, or says not to whom, is refused", async () => {
  const ann = await edge.person();
  const bot = await openBot(ann);
  const chatIds = [await openChat(bot.id, 71)];
  for (const body of [
    { message },
    { chatIds, audience: {}, message },
    { chatIds: [], message },
    { chatIds },
    { chatIds, message: { body: " " } },
    { chatIds, message: { body: "x", kind: "e2ee" } },
    { audience: { type: "secret" }, message },
  ]) {
    assert.equal((await ask(ann, "POST", bot.path, body)).status, 400, JSON.stringify(body));
  }
});

test("another's bot and broadcasts are not found", async () => {
  const [ann, eve] = [await edge.person(), await edge.person()];
  const [bot, hers] = [await openBot(ann), await openBot(eve)];
  const chatIds = [await openChat(bot.id, 81)];
  const { body } = await ask(ann, "POST", bot.path, { chatIds, message });
  for (const path of [bot.path, hers.path]) {
    for (const [method, tail] of [
      ["GET", ""],
      ["GET", "/failures"],
      ["POST", "/pause"],
      ["POST", "/cancel"],
    ] as const) {
      assert.equal((await ask(eve, method, `${path}/${body.id}${tail}`)).status, 404, `${method} ${tail}`);
    }
  }
  assert.equal((await ask(eve, "POST", bot.path, { chatIds, message })).status, 404);
  assert.equal((await ask(ann, "GET", `${bot.path}/${body.id}`)).body.state, "running");
});

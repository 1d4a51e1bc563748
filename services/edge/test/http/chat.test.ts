import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Chat, Message } from "@rookery/protocol";
import { openEdgeFixture, rowWriter } from "../edge-fixture.ts";
import { readJson } from "../json-body.ts";

const edge = await openEdgeFixture(rowWriter);
after(() => edge.close());

type Person = Awaited<ReturnType<typeof edge.person>>;
interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

async function ask<T>(
  person: Person,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const response = await edge.app.request(path, {
    method,
    headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await readJson<T>(response) };
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
interface Coded {
  readonly code: string;
}

test("a direct chat is born once, from whichever side and however it is named", async () => {
  const [ann, bob] = [await edge.person(), await edge.person()];
  const first = await ask<Chat>(ann, "POST", "/v1/chats", { type: "direct", memberIds: [bob.id] });
  assert.equal(first.status, 201);
  assert.equal(first.body.type, "direct");
  const again = await ask<Chat>(bob, "POST", "/v1/chats", { type: 1, memberIds: [ann.id, bob.id] });
  assert.equal(again.status, 200);
  assert.equal(again.body.id, first.body.id);
});

test("a direct chat is with exactly one other person who exists", async () => {
  const ann = await edge.person();
  for (const memberIds of [[], [ann.id], [ann.id, ann.id + 1, ann.id + 2], [999_999_999]]) {
    const answer = await ask<Coded>(ann, "POST", "/v1/chats", { type: "direct", memberIds });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.code, "invalid");
  }
});

test("[L3] a group asked for twice under one Idempotency-Key is one group", async () => {
  const [ann, bob] = [await edge.person(), await edge.person()];
  const body = { type: 2, memberIds: [bob.id], title: "Rooks" };
  const key = { "idempotency-key": "group-1" };
  const first = await ask<Chat>(ann, "POST", "/v1/chats", body, key);
  const again = await ask<Chat>(ann, "POST", "/v1/chats", body, key);
  const other = await ask<Chat>(ann, "POST", "/v1/chats", body);
  assert.deepEqual([first.status, again.status, other.status], [201, 200, 201]);
  assert.equal(again.body.id, first.body.id);
  assert.notEqual(other.body.id, first.body.id);
  assert.equal(first.body.role, "owner");
  assert.equal(first.body.title, "Rooks");
  // Another's key of the same name is another chat.
  const bobs = await ask<Chat>(bob, "POST", "/v1/chats", body, key);
  assert.equal(bobs.status, 201);
});

test("chats are listed in pages to those who are in them, and not found by others", async () => {
  const [ann, bob, eve] = [await edge.person(), await edge.person(), await edge.person()];
  const ids: number[] = [];
  for (let count = 0; count < 3; count++) {
    const chat = await ask<Chat>(ann, "POST", "/v1/chats", { type: "group", memberIds: [bob.id] });
    ids.push(chat.body.id);
  }
  const first = await ask<Page<Chat>>(bob, "GET", "/v1/chats?limit=2");
  assert.equal(first.body.items.length, 2);
  const rest = await ask<Page<Chat>>(bob, "GET", `/v1/chats?limit=2&cursor=${first.body.nextCursor}`);
  assert.equal(rest.body.nextCursor, null);
  assert.deepEqual(
    [...first.body.items, ...rest.body.items].map((chat) => chat.id),
    ids,
  );
  assert.deepEqual((await ask<Page<Chat>>(eve, "GET", "/v1/chats")).body, { items: [], nextCursor: null });
  for (const path of ["", "/messages", "/members", `/members/${ann.id}`]) {
    const answer = await ask<Coded>(eve, "GET", `/v1/chats/${ids[0]}${path}`);
    assert.equal(answer.status, 404, path);
    assert.equal(answer.body.code, "not_found");
  }
  const invite = await ask<Coded>(eve, "POST", `/v1/chats/${ids[0]}/invite`, { userIds: [eve.id] });
  assert.equal(invite.status, 404);
});

test("[L3] a repeated uuid is answered 200 with the first message", async () => {
  const [ann, bob] = [await edge.person(), await edge.person()];
  const chat = await ask<Chat>(ann, "POST", "/v1/chats", { type: "direct", memberIds: [bob.id] });
  const path = `/v1/chats/${chat.body.id}/messages`;
  const entities = [{ type: "bold", offset: 0, length: 2 }];
  const first = await ask<Message>(ann, "POST", path, { body: "hello", uuid: "m-1", entities, unknown: 1 });
  assert.equal(first.status, 201);
  assert.equal(first.body.seq, 1);
  assert.equal(first.body.source, "rest");
  assert.deepEqual(first.body.entities, entities);
  const again = await ask<Message>(ann, "POST", path, { body: "hello" }, { "idempotency-key": "m-1" });
  assert.equal(again.status, 200);
  assert.deepEqual(again.body, first.body);
  const bobs = await ask<Message>(bob, "POST", path, { body: "hi", uuid: "m-1" });
  assert.equal(bobs.body.seq, 2);
});

test("[L4] history is ascending inside a page, forwards and backwards, and its cursors meet every message", async () => {
  const [ann, bob] = [await edge.person(), await edge.person()];
  const chat = await ask<Chat>(ann, "POST", "/v1/chats", { type: "direct", memberIds: [bob.id] });
  const path = `/v1/chats/${chat.body.id}/messages`;
  for (let count = 1; count <= 7; count++) await ask(ann, "POST", path, { body: `${count}` });
  type History = Page<Message> & { readonly headSeq: number };
  const seqs = (answer: Answer<History>) => answer.body.items.map((message) => message.seq);

  const newest = await ask<History>(bob, "GET", `${path}?limit=3`);
  assert.deepEqual(seqs(newest), [5, 6, 7]);
  assert.equal(newest.body.headSeq, 7);
  const older = await ask<History>(bob, "GET", `${path}?limit=3&cursor=${newest.body.nextCursor}`);
  assert.deepEqual(seqs(older), [2, 3, 4]);
  const oldest = await ask<History>(bob, "GET", `${path}?limit=3&cursor=${older.body.nextCursor}`);
  assert.deepEqual(seqs(oldest), [1]);
  assert.equal(oldest.body.nextCursor, null);
  assert.deepEqual(seqs(await ask<History>(bob, "GET", `${path}?before=3`)), [1, 2]);

  const forward = await ask<History>(bob, "GET", `${path}?after=0&limit=4`);
  assert.deepEqual(seqs(forward), [1, 2, 3, 4]);
  const onward = await ask<History>(bob, "GET", `${path}?limit=4&cursor=${forward.body.nextCursor}`);
  assert.deepEqual(seqs(onward), [5, 6, 7]);
  assert.equal(onward.body.nextCursor, null);
});

test("members are listed, one is found, and people who exist are invited", async () => {
  const [ann, bob, cem] = [await edge.person(), await edge.person(), await edge.person()];
  const chat = await ask<Chat>(ann, "POST", "/v1/chats", { type: "group", memberIds: [bob.id] });
  const path = `/v1/chats/${chat.body.id}`;
  const invited = await ask(ann, "POST", `${path}/invite`, { userIds: [cem.id, cem.id] });
  assert.deepEqual(invited.body, { added: [cem.id], already: [] });
  const nobody = await ask<Coded>(ann, "POST", `${path}/invite`, { userIds: [999_999_999] });
  assert.equal(nobody.body.code, "invalid");
  const page = await ask<Page<{ userId: number }>>(cem, "GET", `${path}/members`);
  assert.deepEqual(
    page.body.items.map((member) => member.userId),
    [ann.id, bob.id, cem.id],
  );
  const one = await ask<{ role: string }>(cem, "GET", `${path}/members/${ann.id}`);
  assert.equal(one.body.role, "owner");
});

test("[L7] whoever is in as many chats as one may be in is brought into no other, and keeps those there are", async () => {
  const [ann, bob] = [await edge.person(), await edge.person()];
  const direct = { type: "direct", memberIds: [bob.id] };
  const group = await ask<Chat>(ann, "POST", "/v1/chats", { type: "group", memberIds: [], title: "tea" });
  assert.equal((await ask<Chat>(ann, "POST", "/v1/chats", direct)).status, 201);
  await edge.store.query(
    `insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev)
     select 1000000 + n, $1, 'member', 0, 1, 0 from generate_series(1, 9999) n`,
    [bob.id],
  );
  assert.equal((await ask<Chat>(ann, "POST", "/v1/chats", direct)).status, 200);
  for (const [path, body] of [
    ["/v1/chats", { type: "group", memberIds: [bob.id], title: "more" }],
    [`/v1/chats/${group.body.id}/invite`, { userIds: [bob.id] }],
  ] as const) {
    const answer = await ask<Coded>(ann, "POST", path, body);
    assert.deepEqual([answer.status, answer.body.code], [400, "invalid"]);
  }
});

test("[C5] a message is passed on by whoever may read it, in its sender's name, and by nobody else", async () => {
  const [ann, bob, eve] = [await edge.person(), await edge.person(), await edge.person()];
  const make = (owner: Person, others: readonly Person[]) =>
    ask<Chat>(owner, "POST", "/v1/chats", {
      type: "group",
      title: "x",
      memberIds: others.map(({ id }) => id),
    });
  const source = (await make(ann, [bob])).body;
  const there = (await ask<Message>(ann, "POST", `/v1/chats/${source.id}/messages`, { body: "look" })).body;
  const target = (await make(eve, [bob])).body;
  const pass = (person: Person, change: object = {}, uuid?: string) =>
    ask<Coded & Message>(person, "POST", `/v1/chats/${target.id}/messages`, {
      body: "look",
      ...(uuid === undefined ? {} : { uuid }),
      forward: { chatId: source.id, seq: there.seq, senderId: ann.id, ...change },
    });
  assert.equal((await pass(bob)).status, 201);
  assert.equal((await pass(eve)).body.code, "not_found");
  assert.equal((await pass(bob, { seq: there.seq + 1 })).body.code, "not_found");
  assert.equal((await pass(bob, { chatId: 999_999_999 })).body.code, "not_found");
  const claimed = await pass(bob, { senderId: bob.id }, "passed-on");
  assert.equal(claimed.status, 201, "whose it was is looked up, whatever is claimed");
  const again = await pass(bob, {}, "passed-on");
  assert.deepEqual(
    [again.status, again.body.seq],
    [200, claimed.body.seq],
    "[L3] what was done is answered as at first",
  );
});

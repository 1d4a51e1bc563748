import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { AddressedCommand, Reply } from "@rookery/protocol";
import { reserveChat } from "@rookery/store";
import { openEdgeFixture } from "../edge-fixture.ts";

const submitted: AddressedCommand[] = [];
const edge = await openEdgeFixture(() => ({
  submit: (command): Promise<Reply> => {
    submitted.push(command);
    return Promise.resolve({
      kind: "done",
      outcome: { kind: "sent", seq: 4, rev: 0, ts: 1 },
      duplicate: false,
    });
  },
}));
after(() => edge.close());

type Person = Awaited<ReturnType<typeof edge.person>>;
interface Told {
  readonly id: number;
  readonly routes: object;
  readonly commandsStatus: string;
  readonly services: object;
  readonly items: readonly object[];
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

async function ask(person: Person, method: string, path: string, body?: object) {
  const response = await edge.app.request(path, {
    method,
    headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  const told: Told = JSON.parse(isJson ? text : "{}");
  return { status: response.status, text, body: told };
}

const ann = await edge.person();
let bots = 0;
async function makeBot(): Promise<number> {
  bots += 1;
  const draft = {
    username: `program_bot${bots}`,
    displayName: "A bot",
    mode: "webhook",
    token: "123456:AAAA-bbbb_cccc",
  };
  return (await ask(ann, "POST", "/v1/bots", draft)).body.id;
}

test("routes and services are kept as written, and the bot is routed from then on", async () => {
  const id = await makeBot();
  const none = await ask(ann, "GET", `/v1/bots/${id}/routes`);
  assert.deepEqual(
    [none.status, none.body],
    [200, { routes: {}, commandsStatus: "off", commandsError: null }],
  );
  const services = { main: { url: "https://main.example/bot", timeoutMs: 3_000, retries: 1 } };
  assert.deepEqual((await ask(ann, "PUT", `/v1/bots/${id}/services`, services)).body, { services });
  const routes = { commands: [{ command: "start", to: { service: "main" }, description: { en: "Begin" } }] };
  const put = await ask(ann, "PUT", `/v1/bots/${id}/routes`, routes);
  assert.deepEqual([put.status, put.body], [200, { routes, commandsStatus: "pending", commandsError: null }]);
  assert.deepEqual((await ask(ann, "GET", `/v1/bots/${id}/routes`)).body.routes, routes);
  const { rows } = await edge.store.query("select routed from bot where id = $1", [id]);
  assert.deepEqual(rows, [{ routed: true }]);
});

test("what is wrong is named by its path: a form, or a service that is not there, or still needed", async () => {
  const id = await makeBot();
  const form = await ask(ann, "PUT", `/v1/bots/${id}/routes`, { commands: [{ command: "Start!", to: {} }] });
  assert.deepEqual([form.status, form.body.errors[0]?.path], [400, "commands[0].command"]);
  const routes = { text: { service: "gone" } };
  const missing = await ask(ann, "PUT", `/v1/bots/${id}/routes`, routes);
  assert.deepEqual(missing.body.errors, [{ path: "text.service", message: "there is no service gone" }]);
  await ask(ann, "PUT", `/v1/bots/${id}/services`, { gone: { url: "https://a.example" } });
  assert.equal((await ask(ann, "PUT", `/v1/bots/${id}/routes`, routes)).status, 200);
  assert.equal((await ask(ann, "PUT", `/v1/bots/${id}/services`, {})).status, 400);
});

test("the values of headers are sealed, told to nobody, and kept when written as null", async () => {
  const id = await makeBot();
  const spec = (authorization: string | null) => ({
    main: { url: "https://a.example", headers: { authorization } },
  });
  const put = await ask(ann, "PUT", `/v1/bots/${id}/services`, spec("Bearer s3cret"));
  const again = await ask(ann, "PUT", `/v1/bots/${id}/services`, spec(null));
  for (const answer of [put, again]) assert.deepEqual(answer.body.services, spec(null));
  const { rows } = await edge.store.query<{ row: string }>(
    "select p::text as row from bot_program p where bot_id = $1",
    [id],
  );
  assert.ok(!rows[0]?.row.includes("s3cret"));
  const unknown = { main: { url: "https://a.example", headers: { other: null } } };
  assert.equal((await ask(ann, "PUT", `/v1/bots/${id}/services`, unknown)).status, 400);
});

test("a stranger's bot is not there", async () => {
  const id = await makeBot();
  const bob = await edge.person();
  for (const path of ["routes", "services", "metrics"]) {
    assert.equal((await ask(bob, "GET", `/v1/bots/${id}/${path}`)).status, 404, path);
  }
  const notice = { telegramUserId: 5, message: { body: "hi" } };
  assert.equal((await ask(bob, "POST", `/v1/bots/${id}/notify`, notice)).status, 404);
});

test("[T12] usage is told by the hour and by the day, as JSON and as CSV", async () => {
  const id = await makeBot();
  const day = 86_400_000;
  for (const hour of [0, 1, 25]) {
    await edge.store.query("insert into bot_usage values ($1, $2, 'command', 'start', 2, 1, 100, 80)", [
      id,
      10 * day + hour * 3_600_000,
    ]);
  }
  const query = `from=${10 * day}&to=${12 * day}`;
  const byDay = await ask(ann, "GET", `/v1/bots/${id}/metrics?${query}&step=day`);
  const row = { kind: "command", name: "start", averageMs: 50, maxMs: 80 };
  assert.deepEqual(byDay.body.items, [
    { from: 10 * day, ...row, count: 4, errors: 2 },
    { from: 11 * day, ...row, count: 2, errors: 1 },
  ]);
  const byHour = await ask(ann, "GET", `/v1/bots/${id}/metrics?${query}&format=csv`);
  assert.deepEqual(byHour.text.split("\r\n").slice(0, 2), [
    "from,kind,name,count,errors,averageMs,maxMs",
    `${10 * day},command,start,2,1,50,80`,
  ]);
  assert.equal(byHour.text.trim().split("\r\n").length, 4);
});

test("[T16] a person who spoke to the bot is told something in its name; one who did not cannot be", async () => {
  const id = await makeBot();
  const notice = { telegramUserId: 77, message: { body: "your order is ready", uuid: "n-1" } };
  assert.equal((await ask(ann, "POST", `/v1/bots/${id}/notify`, notice)).status, 404);
  const chatId = await reserveChat(edge.store, `telegram:${id}:77`);
  await edge.store.query(
    "insert into chat (id, type, rev, created_by, created_ms) values ($1, 'telegram', 0, $2, 0)",
    [chatId, ann.id],
  );
  const told = await ask(ann, "POST", `/v1/bots/${id}/notify`, notice);
  assert.deepEqual([told.status, told.text], [202, JSON.stringify({ chatId, seq: 4, duplicate: false })]);
  const [command] = submitted;
  assert.deepEqual([command?.senderId, command?.actor.id, command?.uuid], [id, chatId, "n-1"]);
  assert.equal((await ask(ann, "POST", `/v1/bots/${id}/notify`, { message: { body: "who?" } })).status, 400);
});

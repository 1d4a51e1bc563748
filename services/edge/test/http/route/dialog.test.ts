import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { writeRoutes, writeServices } from "@rookery/store";
import { openEdgeFixture } from "../../edge-fixture.ts";

const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }));
after(() => edge.close());

const example = await readFile(
  new URL("../../../../../examples/uk-management-bot/dialogs.json", import.meta.url),
  "utf8",
);
type Person = Awaited<ReturnType<typeof edge.person>>;

async function ask(person: Person, method: string, path: string, body?: string) {
  const response = await edge.app.request(path, {
    method,
    headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
}

async function openBot(person: Person, username: string): Promise<number> {
  const body = { username, displayName: "A bot", mode: "webhook", token: "123456:AAAA-bbbb_cccc" };
  const made = await ask(person, "POST", "/v1/bots", JSON.stringify(body));
  assert.equal(made.status, 201, made.text);
  const { id } = JSON.parse(made.text) as { id: number };
  const services = Object.fromEntries(
    ["requests", "shifts", "people"].map((name) => [name, { url: "http://a.example" }]),
  );
  await writeServices(edge.store, id, services, null);
  return id;
}

test("dialogues are told as they were written, and their bot is routed", async () => {
  const ann = await edge.person();
  const id = await openBot(ann, "talking_bot");
  const path = `/v1/bots/${id}/dialogs`;
  assert.deepEqual(await ask(ann, "GET", path), { status: 200, text: "{}" });
  const written = await ask(ann, "PUT", path, example);
  assert.equal(written.status, 200, written.text);
  assert.equal((await ask(ann, "GET", path)).text, JSON.stringify(JSON.parse(example)));
  const isRouted = async (): Promise<boolean> => {
    const { rows } = await edge.store.query<{ routed: boolean }>("select routed from bot where id = $1", [
      id,
    ]);
    return rows[0]?.routed === true;
  };
  assert.equal(await isRouted(), true);
  const { rows } = await edge.store.query("select commands_status from bot_program where bot_id = $1", [id]);
  assert.deepEqual(rows, [{ commands_status: "pending" }]);
  await writeRoutes(edge.store, id, { text: { reply: { en: "Hm?" } } }, { isRouted: true, nowMs: 1 });
  assert.equal((await ask(ann, "PUT", path, "{}")).status, 200);
  assert.equal(await isRouted(), true, "routes answer still");
  await ask(ann, "PUT", path, example);
  await writeRoutes(edge.store, id, {}, { isRouted: false, nowMs: 2 });
  assert.equal(await isRouted(), true, "dialogues answer still");
  assert.equal((await ask(ann, "PUT", path, "{}")).status, 200);
  assert.deepEqual(await ask(ann, "GET", path), { status: 200, text: "{}" });
  assert.equal(await isRouted(), false);
});

test("what is wrong is named by its path, and what was there stays", async () => {
  const ann = await edge.person();
  const path = `/v1/bots/${await openBot(ann, "strict_bot")}/dialogs`;
  await ask(ann, "PUT", path, example);
  const wrong = example.replace('"kind": "phone"', '"kind": "phon"');
  const answer = await ask(ann, "PUT", path, wrong);
  assert.equal(answer.status, 400);
  const told = JSON.parse(answer.text) as { code: string; errors: { path: string }[] };
  assert.equal(told.code, "invalid");
  assert.deepEqual(
    told.errors.map(({ path }) => path),
    ["dialogs.create_request.steps.6.kind"],
  );
  assert.equal((await ask(ann, "GET", path)).text, JSON.stringify(JSON.parse(example)));
  const large = JSON.stringify({ help: "x".repeat(300_000) });
  assert.match((await ask(ann, "PUT", path, large)).text, /too_large/);
  assert.equal((await ask(ann, "PUT", path, "[]")).status, 400);
});

test("a service that the bot does not have is named with its path", async () => {
  const ann = await edge.person();
  const id = await openBot(ann, "lonely_bot");
  await writeServices(
    edge.store,
    id,
    { requests: { url: "http://a.example" }, people: { url: "http://b.example" } },
    null,
  );
  const answer = await ask(ann, "PUT", `/v1/bots/${id}/dialogs`, example);
  assert.equal(answer.status, 400);
  const { errors } = JSON.parse(answer.text) as { errors: { path: string; message: string }[] };
  assert.deepEqual(errors[0], {
    path: "dialogs.my_shifts.steps.0.service",
    message: "names no service of the bot: shifts",
  });
  assert.equal(errors.length, 4);
});

test("another's bot is not found, to read or to write", async () => {
  const [ann, eve] = [await edge.person(), await edge.person()];
  const path = `/v1/bots/${await openBot(ann, "anns_own_bot")}/dialogs`;
  assert.equal((await ask(eve, "GET", path)).status, 404);
  assert.equal((await ask(eve, "PUT", path, "[1]")).status, 400);
  assert.equal((await ask(eve, "PUT", path, example)).status, 404);
  assert.equal((await ask(eve, "PUT", path, '{"wrong": 1}')).status, 404);
});

test("[T7] a service that dialogues ask cannot be taken away from under them", async () => {
  const ann = await edge.person();
  const id = await openBot(ann, "needy_bot");
  assert.equal((await ask(ann, "PUT", `/v1/bots/${id}/dialogs`, example)).status, 200);
  const services = (...names: string[]) =>
    JSON.stringify(Object.fromEntries(names.map((name) => [name, { url: "http://b.example" }])));
  const refused = await ask(ann, "PUT", `/v1/bots/${id}/services`, services("requests", "people"));
  assert.equal(refused.status, 400);
  assert.match(refused.text, /dialogs\.\w+\.steps\.\d+\.service names the service shifts/);
  const more = await ask(
    ann,
    "PUT",
    `/v1/bots/${id}/services`,
    services("requests", "people", "shifts", "more"),
  );
  assert.equal(more.status, 200);
  assert.equal((await ask(ann, "PUT", `/v1/bots/${id}/dialogs`, "{}")).status, 200);
  assert.equal((await ask(ann, "PUT", `/v1/bots/${id}/services`, services())).status, 200);
});

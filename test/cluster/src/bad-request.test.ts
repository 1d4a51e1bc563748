/** A bad request is answered with a problem document whose code is stable, and disturbs nobody. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Cluster, openCluster } from "./cluster.ts";
import { createDirect, type Person, type Problem, type RequestOptions, register, request } from "./rest.ts";

describe("a bad request", () => {
  let cluster: Cluster;
  let ann: Person;
  let chatId: number;
  let othersChatId: number;

  before(async () => {
    cluster = await openCluster();
    const names = ["ann", "bob", "carl", "dora"];
    const people = await Promise.all(names.map((name) => register(cluster.base, name)));
    const [first, bob, carl, dora] = people as [Person, Person, Person, Person];
    ann = first;
    chatId = (await createDirect(cluster.base, ann, bob)).id;
    othersChatId = (await createDirect(cluster.base, carl, dora)).id;
  });
  after(() => cluster?.close());

  async function problem(method: string, path: string, options: RequestOptions): Promise<Problem> {
    const answer = await request<Problem>(cluster.base, method, path, { token: ann.token, ...options });
    assert.ok(answer.status >= 400, answer.text);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/, answer.text);
    assert.equal(answer.body.status, answer.status);
    assert.ok(answer.body.title.length > 0);
    assert.equal(answer.body.requestId, answer.headers.get("x-request-id"));
    return answer.body;
  }
  const messages = (): string => `/v1/chats/${chatId}/messages`;

  it("broken JSON is 400 invalid", async () => {
    const { status, code } = await problem("POST", messages(), { raw: "{broken" });
    assert.deepEqual([status, code], [400, "invalid"]);
  });

  it("wrong types are 400 invalid and say which", async () => {
    for (const [path, method, body, field] of [
      [messages(), "POST", { body: 5 }, "body"],
      [messages(), "POST", {}, "body"],
      [messages(), "POST", { body: "a\0b" }, "body"],
      [messages(), "POST", { body: "x", uuid: "a b" }, "uuid"],
      ["/v1/chats", "POST", { type: "direct", memberIds: "x" }, "memberIds"],
      ["/v1/chats", "POST", { type: "nothing", memberIds: [1] }, "type"],
      ["/v1/auth/register", "POST", { email: 5, password: "long enough" }, "email"],
      ["/v1/auth/register", "POST", { email: "a@example.org", password: "short" }, "password"],
    ] as const) {
      const { status, code, errors } = await problem(method, path, { body });
      assert.deepEqual([status, code], [400, "invalid"], path);
      assert.ok(
        errors?.some((each) => each.path.includes(field) && each.message.length > 0),
        `${path}: ${JSON.stringify(errors)} does not name ${field}`,
      );
    }
  });

  it("limits out of range are 400 invalid", async () => {
    for (const query of ["limit=0", "limit=101", "limit=x", "after=-1", "after=x"]) {
      const { status, code } = await problem("GET", `${messages()}?${query}`, {});
      assert.deepEqual([status, code], [400, "invalid"], query);
    }
  });

  it("a body over 16 KiB and a request over 1 MiB are 413 too_large", async () => {
    for (const length of [16_385, 1_100_000]) {
      const { status, code } = await problem("POST", messages(), { body: { body: "x".repeat(length) } });
      assert.deepEqual([status, code], [413, "too_large"]);
    }
  });

  it("somebody else's chat, no chat and no route are 404 not_found", async () => {
    for (const path of [
      `/v1/chats/${othersChatId}`,
      `/v1/chats/${othersChatId}/messages`,
      "/v1/chats/999999999",
      "/v1/chats/999999999/messages",
      "/v1/nothing/here",
    ]) {
      const { status, code } = await problem("GET", path, {});
      assert.deepEqual([status, code], [404, "not_found"], path);
    }
  });

  it("unknown fields are ignored", async () => {
    const answer = await request(cluster.base, "POST", messages(), {
      token: ann.token,
      body: { body: "x", unknown: { deep: true } },
    });
    assert.equal(answer.status, 201, answer.text);
  });

  it("a request id is taken when it is given", async () => {
    const answer = await request(cluster.base, "GET", "/v1/chats", {
      token: ann.token,
      headers: { "x-request-id": "asked-by-a-stranger" },
    });
    assert.equal(answer.headers.get("x-request-id"), "asked-by-a-stranger");
  });

  it("a taken address is 409 email_taken, a wrong password 401 bad_credentials", async () => {
    const taken = await problem("POST", "/v1/auth/register", {
      body: { email: ann.email.toUpperCase(), password: "long enough" },
    });
    assert.deepEqual([taken.status, taken.code], [409, "email_taken"]);
    for (const email of [ann.email, "nobody@example.org"]) {
      const wrong = await problem("POST", "/v1/auth/login", { body: { email, password: "not the one" } });
      assert.deepEqual([wrong.status, wrong.code], [401, "bad_credentials"]);
    }
  });

  it("everything still works afterwards", async () => {
    const answer = await request(cluster.base, "POST", messages(), {
      token: ann.token,
      body: { body: "fine" },
    });
    assert.equal(answer.status, 201, answer.text);
  });
});

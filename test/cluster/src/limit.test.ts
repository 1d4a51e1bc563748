/** Limits hold across edges; when Redis is killed the chat goes on, and guessing passwords stays dear. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { createDirect, expect, login, type Person, type Problem, register, request } from "./rest.ts";
import { openSocket, UpgradeRefused } from "./socket.ts";

/** A second's worth, so that a burst on two edges is surely beyond it. */
const userPerSecond = 20;

describe("limits", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;

  before(async () => {
    const env = { RATE_LIMIT_USER_PER_SECOND: String(userPerSecond) };
    cluster = await openCluster({ edges: 2, rateLimits: "on", env });
    ann = await register(cluster.base, "ann");
    bob = await register(cluster.base, "bob");
  });
  after(async () => {
    await cluster?.close();
  });

  const edge = (n: number): string => cluster.edges[n % 2] ?? "";

  /** The sum of a counter over its labels; 0 when it is not there. */
  async function count(base: string, name: string, label = ""): Promise<number> {
    const { text } = await request(base, "GET", "/metrics");
    return text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  async function guess(person: Person, n: number): Promise<number> {
    const body = { email: person.email, password: "a wrong guess" };
    return (await request(edge(n), "POST", "/v1/auth/login", { body })).status;
  }

  it("a user has one budget on all edges, told in the answer's headers; others have their own", async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 * userPerSecond }, (_, n) =>
        request<Problem>(edge(n), "GET", "/v1/users/me", { token: ann.token }),
      ),
    );
    const refused = answers.filter(({ status }) => status === 429);
    const passed = answers.filter(({ status }) => status === 200);
    assert.equal(refused.length + passed.length, answers.length);
    assert.ok(passed.length >= userPerSecond && refused.length >= userPerSecond, `${refused.length} refused`);
    for (const { headers } of passed) assert.equal(headers.get("ratelimit-limit"), String(userPerSecond));
    for (const { headers, body } of refused) {
      assert.equal(body.code, "rate_limited");
      assert.equal(headers.get("ratelimit-remaining"), "0");
      assert.ok(Number(headers.get("retry-after")) >= 1);
    }
    assert.equal((await request(cluster.base, "GET", "/v1/users/me", { token: bob.token })).status, 200);
    const told =
      (await count(edge(0), "rookery_rate_limited_total")) +
      (await count(edge(1), "rookery_rate_limited_total"));
    assert.ok(told >= refused.length, `${told} counted`);
  });

  it("a key has a limit of its own besides its user's", async () => {
    const fay = await register(cluster.base, "fay");
    const body = { name: "narrow", scopes: ["users:read"], rateLimit: 5 };
    const { key } = await expect<{ key: string }>(201, cluster.base, "POST", "/v1/apikeys", {
      token: fay.token,
      body,
    });
    const statuses = [];
    for (let n = 0; n < 7; n++) {
      statuses.push(
        (await request(edge(n), "GET", `/v1/users/${fay.userId}`, { headers: { "x-api-key": key } })).status,
      );
    }
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429]);
    assert.equal((await request(edge(0), "GET", "/v1/users/me", { token: fay.token })).status, 200);
  });

  it("a login's sixth guess in a minute is refused, on whatever edge", async () => {
    const statuses = [];
    for (let n = 0; n < 6; n++) statuses.push(await guess(bob, n));
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
  });

  it("a user opens twenty sockets a minute; frames are not counted", async () => {
    const carl = await register(cluster.base, "carl");
    const chat = await createDirect(cluster.base, carl, ann);
    const sockets = [];
    for (let n = 0; n < 20; n++) sockets.push(await openSocket({ base: edge(n), token: carl.token }));
    await assert.rejects(
      openSocket({ base: edge(1), token: carl.token }),
      (error) => error instanceof UpgradeRefused && error.status === 429,
    );
    const [first] = sockets;
    assert.ok(first !== undefined);
    const uuids = Array.from({ length: 5 * userPerSecond }, () => crypto.randomUUID());
    for (const uuid of uuids) first.send({ type: "SendMessage", uuid, chatId: chat.id, body: "frame" });
    await first.when("all acks", () => (uuids.every((uuid) => first.acks.has(uuid)) ? true : undefined));
    await Promise.all(sockets.map((socket) => socket.close()));
  });

  it("[L10] Redis is killed during traffic: requests go on, login is still limited, a metric says so", async () => {
    const dora = await register(cluster.base, "dora");
    const [redis] = cluster.pids.redis;
    assert.ok(redis !== undefined);
    const statuses = new Map<number, number>();
    let running = true;
    // Below the limit, so that whatever is not 200 is Redis' doing.
    const traffic = (async () => {
      for (let n = 0; running; n++) {
        const { status } = await request(edge(n), "GET", "/v1/users/me", { token: ann.token });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 1_000 / (userPerSecond / 2)));
      }
    })();
    const base = edge(0);
    const local = 'mode="local"';
    const away = "rookery_rate_limit_away_total";
    // Stopped at first, which is worse than gone: nobody is told. It is killed after, and started again for us.
    process.kill(redis, "SIGSTOP");
    await until(async () => (await count(base, away, 'limit="user"')) > 3, { withinMs: 15_000 });
    const guesses = [];
    for (let n = 0; n < 7; n++) guesses.push(await guess(dora, 0));
    assert.deepEqual(guesses.slice(0, 5), [401, 401, 401, 401, 401]);
    assert.deepEqual(guesses.slice(5), [429, 429], "this process counts by itself");
    assert.ok((await count(base, away, local)) >= 7);
    const eve = await register(cluster.base, "eve");
    assert.equal((await login(edge(1), eve)).userId, eve.userId, "others log in");

    process.kill(redis, "SIGKILL");
    await until(() => cluster.pids.redis[0] !== redis, { withinMs: 20_000, what: "Redis' next life" });
    await until(
      async () => {
        const answer = await request(base, "GET", "/v1/users/me", { token: ann.token });
        return answer.headers.has("ratelimit-remaining");
      },
      { withinMs: 20_000, what: "limits that are counted again" },
    );
    running = false;
    await traffic;
    assert.deepEqual([...statuses.keys()], [200], `statuses ${JSON.stringify([...statuses])}`);
    await expect(200, base, "GET", "/health/ready");
  });
});

/** What an operator may watch: health that names what is missing, metrics of the whole cluster that Prometheus takes. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { checkMetrics, until } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { createDirect, expect, type Person, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

/** CONTRACT §6, with the labels that tell series of one process apart. */
const contractNames = [
  "rookery_ws_connections",
  "rookery_messages_sent_total",
  "rookery_delivery_duration_seconds",
  "rookery_commit_duration_seconds",
  "rookery_commit_rows",
  "rookery_shard_lag",
  "rookery_shards_owned",
  "rookery_webhook_pending",
  "rookery_webhook_attempts_total",
  "rookery_telegram_queue",
  "rookery_rate_limited_total",
];
const stateNames = [
  "process_cpu_seconds_total",
  "process_resident_memory_bytes",
  "nodejs_eventloop_lag_seconds",
  "nodejs_heap_size_used_bytes",
  "rookery_pool_connections",
  "rookery_pool_waiting",
  "rookery_redis_up",
  "rookery_nats_up",
];

interface Series {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

function parseSeries(text: string): Series[] {
  return text.split("\n").flatMap((line) => {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/i.exec(line);
    const [, name = "", labels = "", value = ""] = match ?? [];
    return match === null ? [] : [{ name, labels, value: Number(value) }];
  });
}

describe("a cluster is watched", () => {
  const packets: string[] = [];
  const statsd = createSocket("udp4");
  let cluster: Cluster;
  let ann: Person;
  let socket: Socket;
  let chatId: number;

  before(async () => {
    statsd.on("message", (packet) => packets.push(...packet.toString("utf8").split("\n")));
    statsd.bind(0, "127.0.0.1");
    await once(statsd, "listening");
    const url = `udp://127.0.0.1:${statsd.address().port}`;
    cluster = await openCluster({ edges: 2, workers: 2, rateLimits: "on", env: { STATSD_URL: url } });
    const [one, bob] = await Promise.all([register(cluster.base, "ann"), register(cluster.base, "bob")]);
    ann = one;
    ({ id: chatId } = await createDirect(cluster.base, ann, bob));
    socket = await openSocket({ base: cluster.base, token: ann.token });
  });
  after(async () => {
    await socket?.close();
    await cluster?.close();
    statsd.close();
  });

  async function read(edge = 0): Promise<{ readonly text: string; readonly series: readonly Series[] }> {
    const { status, text, headers } = await request(cluster.edges[edge] as string, "GET", "/metrics");
    assert.equal(status, 200);
    assert.match(headers.get("content-type") ?? "", /^text\/plain/);
    return { text, series: parseSeries(text) };
  }

  /** Over everybody, or those whose labels say so. */
  function sum(series: readonly Series[], name: string, label = ""): number {
    const own = series.filter((each) => each.name === name && each.labels.includes(label));
    assert.ok(own.length > 0, `${name}{${label}} is not told`);
    return own.reduce((total, { value }) => total + value, 0);
  }

  async function send(body: string): Promise<void> {
    await expect(201, cluster.base, "POST", `/v1/chats/${chatId}/messages`, {
      token: ann.token,
      body: { body },
    });
  }

  it("tells every metric that alerts, dashboards and autoscalers ask for", async () => {
    const root = new URL("../../../", import.meta.url);
    const folders = ["infra/prometheus/rules/", "infra/grafana/dashboards/", "k8s/component/autoscaling/"];
    const asked = new Set<string>();
    for (const folder of folders) {
      for (const file of await readdir(new URL(folder, root))) {
        const text = await readFile(new URL(folder + file, root), "utf8");
        const code = text.replaceAll(/^\s*#.*$/gm, "");
        for (const [name] of code.matchAll(/\b(?:rookery|process|nodejs)_[a-z0-9_]+\b/g)) asked.add(name);
      }
    }
    assert.ok(asked.size > 25, `${asked.size} names`);
    // A counter of what has not happened yet has no series where it has labels, but its name is known.
    const { text } = await read();
    const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name],
    );
    assert.deepEqual([...asked].filter((name) => !families.includes(name)).toSorted(), []);
  });

  it("an edge tells every name of the contract, and the state of process, event loop, pool and Redis", async () => {
    const { series } = await read();
    for (const name of [...contractNames, ...stateNames]) {
      const known = series.filter((each) => each.name === name || each.name === `${name}_count`);
      assert.ok(known.length > 0, name);
      assert.ok(
        known.every(({ value }) => Number.isFinite(value) && value >= 0),
        name,
      );
    }
  });

  it("Prometheus' own parser and linter have no complaint, and no series stands twice", async () => {
    const { text, series } = await read();
    assert.deepEqual(await checkMetrics(text), []);
    const names = series.map(({ name, labels }) => `${name}{${labels}}`);
    assert.equal(new Set(names).size, names.length);
  });

  it("the metrics move with what happens", async () => {
    const first = (await read()).series;
    for (const body of ["one", "two", "three"]) await send(body);
    await until(() => socket.messages.get(chatId)?.length === 3, { withinMs: 5_000 });
    const { series } = await read();
    const grown = (name: string): number => sum(series, name) - sum(first, name);
    assert.equal(grown("rookery_messages_sent_total"), 3);
    assert.equal(grown("rookery_delivery_duration_seconds_count"), 3);
    assert.ok(grown("rookery_commit_duration_seconds_count") >= 1);
    assert.ok(grown("rookery_commit_rows_sum") >= 3);
    assert.equal(sum(series, "rookery_ws_connections"), 1);
    assert.equal(sum(series, "rookery_shard_lag"), 0);
    assert.equal(sum(series, "rookery_redis_up"), 1);
  });

  it("an edge's own values are its own; workers' are the same wherever they are asked for", async () => {
    const [one, other] = await Promise.all([read(0), read(1)]);
    assert.equal(sum(one.series, "rookery_ws_connections"), 1);
    assert.equal(sum(other.series, "rookery_ws_connections"), 0);
    for (const { series } of [one, other]) {
      assert.equal(sum(series, "rookery_shards_owned"), 8);
      for (const node of ["worker-0", "worker-1"]) sum(series, "rookery_shards_owned", `node="${node}"`);
      sum(series, "rookery_webhook_pending", 'service="courier"');
    }
  });

  it("a limit that refuses is counted", async () => {
    const body = { email: "nobody@example.org", password: "not the password" };
    await until(
      async () => (await request(cluster.base, "POST", "/v1/auth/login", { body })).status === 429,
      { withinMs: 20_000 },
    );
    assert.ok(sum((await read()).series, "rookery_rate_limited_total") >= 1);
  });

  it("every process shows health and metrics by itself, where its log says", async () => {
    const doors = [...cluster.log().matchAll(/^\{.*"url":"(http:[^"]+)".*health and metrics.*\}$/gm)];
    const urls = doors.map(([, url]) => url ?? "");
    assert.equal(urls.length, 3, "two workers and a courier");
    for (const url of urls) {
      assert.equal((await request(url, "GET", "/health/live")).status, 200);
      const ready = await request(url, "GET", "/health/ready");
      assert.deepEqual([ready.status, ready.body], [200, { status: "ready", missing: [] }]);
      const { text } = await request(url, "GET", "/metrics");
      assert.deepEqual(await checkMetrics(text), []);
    }
  });

  it("StatsD hears of sockets, messages, delivery, commits and memory from every process", async () => {
    await send("for StatsD");
    const heard = (line: RegExp): boolean => packets.some((packet) => line.test(packet));
    for (const line of [
      /^rookery_ws_connections:1\|g\|#.*service:edge/,
      /^rookery_messages_sent_total:\d+\|c\|#.*node:edge-0/,
      /^rookery_delivery_duration_seconds:[\d.]+\|ms/,
      /^rookery_commit_duration_seconds_count:\d+\|c\|#.*service:worker/,
      /^rookery_shards_owned:\d+\|g\|#.*node:worker-1/,
      /^rookery_webhook_pending:0\|g\|#.*service:courier/,
      /^rookery_pool_connections:\d+\|g\|#.*state:idle/,
      /^rookery_redis_up:1\|g/,
      /^process_resident_memory_bytes:\d+\|g\|#.*service:courier/,
    ]) {
      await until(() => heard(line), { withinMs: 10_000, what: String(line) });
    }
  });

  it("readiness names what is missing while liveness and the rest of the metrics go on", async () => {
    const [, courier = ""] =
      [...cluster.log().matchAll(/"service":"courier".*"url":"(http:[^"]+)"/g)].at(-1) ?? [];
    cluster.kill("redis", 0, "SIGSTOP");
    cluster.kill("nats", 0, "SIGSTOP");
    try {
      await until(
        async () => {
          const { status, body } = await request<{ missing: string[] }>(cluster.base, "GET", "/health/ready");
          return status === 503 && body.missing.includes("nats");
        },
        { withinMs: 15_000 },
      );
      await until(async () => (await request(courier, "GET", "/health/ready")).status === 503, {
        withinMs: 15_000,
      });
      for (const url of [cluster.base, courier]) {
        assert.equal((await request(url, "GET", "/health/live")).status, 200);
        assert.match((await request(url, "GET", "/metrics")).text, /^rookery_nats_up\{.*\} 0$/m);
      }
    } finally {
      cluster.kill("nats", 0, "SIGCONT");
      cluster.kill("redis", 0, "SIGCONT");
    }
    await until(async () => (await request(cluster.base, "GET", "/health/ready")).status === 200, {
      withinMs: 20_000,
    });
  });
});

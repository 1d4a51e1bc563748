import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ConfigError } from "../src/env.ts";
import { openLog } from "../src/log.ts";
import { openTracer, readTraceConfig } from "../src/trace.ts";
import { traceIdsOf } from "../src/trace-id.ts";

test("nothing is traced unless there is a collector, and then little", () => {
  assert.equal(readTraceConfig({}), null);
  assert.equal(readTraceConfig({ OTEL_TRACES_SAMPLER_ARG: "1" }), null);
  assert.deepEqual(readTraceConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/" }), {
    endpoint: "http://collector:4318",
    ratio: 0.01,
  });
});

test("what cannot be is refused by its name", () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = "http://collector:4318";
  for (const env of [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" },
    { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG: "1.1" },
    { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG: "all" },
  ]) {
    assert.throws(() => readTraceConfig(env), ConfigError);
  }
});

test("every process makes the same ids of a message, and chooses the same ones", () => {
  const ids = traceIdsOf(7, "a", 1);
  assert.deepEqual(ids, traceIdsOf(7, "a", 1));
  assert.match(ids?.traceId ?? "", /^[\da-f]{32}$/);
  assert.match(ids?.command ?? "", /^[\da-f]{16}$/);
  assert.notEqual(ids?.command, ids?.commit);
  assert.notDeepEqual(ids, traceIdsOf(8, "a", 1), "a uuid is its sender's");
  const chosen = (ratio: number): string[] =>
    Array.from({ length: 10_000 }, (_, index) => String(index)).filter((uuid) => traceIdsOf(7, uuid, ratio));
  assert.equal(chosen(0).length, 0);
  const [few, some] = [chosen(0.01), chosen(0.1)];
  assert.ok(few.length > 50 && few.length < 200, `${few.length} of 10,000`);
  assert.ok(some.length > 800 && some.length < 1_200, `${some.length} of 10,000`);
  const all = new Set(some);
  assert.ok(
    few.every((uuid) => all.has(uuid)),
    "whoever traces more traces those too",
  );
});

// Its interfaces alone come with prom-client.
test("when nothing is traced, nothing of OpenTelemetry is loaded", async () => {
  const runtime = JSON.stringify(new URL("../src/mod.ts", import.meta.url).href);
  const script = (endpoint: string): string => `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    const { openTracer, readTraceConfig } = await import(${runtime});
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: ${JSON.stringify(endpoint)} };
    const tracer = await openTracer(readTraceConfig(env), { service: "s", node: "n", log: { info() {} } });
    await tracer?.close();
    console.log(loaded.filter((url) => /opentelemetry.(?!api)/.test(url)).length);`;
  const loadedFor = async (endpoint: string): Promise<number> => {
    const args = ["--no-warnings", "--input-type=module", "-e", script(endpoint)];
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    return Number((await promisify(execFile)(process.execPath, args, { cwd })).stdout);
  };
  assert.equal(await loadedFor(""), 0);
  assert.ok((await loadedFor("http://127.0.0.1:9")) > 0);
});

test("a collector that is away delays nothing and ends nothing", async () => {
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const tracer = await openTracer(
    { endpoint: "http://127.0.0.1:9", ratio: 1 },
    { service: "edge", node: "one", log },
  );
  const step = { stage: "command", senderId: 1, startMs: 1, endMs: 2, attributes: {} } as const;
  for (let n = 0; n < 500; n += 1) tracer?.note({ ...step, uuid: String(n) });
  const startMs = performance.now();
  await tracer?.close();
  assert.ok(performance.now() - startMs < 20_000);
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Gauge, openLog, openMetrics } from "@rookery/runtime";
import { answerMetrics, type Bus, openBus, openMetricsReader } from "../src/mod.ts";
import { type NatsServer, startNats } from "./nats-server.ts";
import { until } from "./until.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
let server: NatsServer;
let bus: Bus;
before(async () => {
  server = await startNats();
  bus = await openBus({ url: server.url, name: "test", log });
});
after(async () => {
  await bus.close();
  await server.close();
});

/** A process of that name, whose metrics wait for `gate`. */
function tellOf(name: string, gate: () => Promise<void>): { close(): void } {
  const metrics = openMetrics(name);
  new Gauge({ name: `of_${name}`, help: name, registers: [metrics], collect: gate });
  return answerMetrics(bus, { id: name, metrics, log });
}

test("whoever is late, or unheard for a moment, is shown as it last told; whoever is gone is not", async () => {
  let gate = Promise.resolve();
  const [late, prompt] = [tellOf("late", () => gate), tellOf("prompt", () => Promise.resolve())];
  let others: readonly string[] | null = ["late", "prompt"];
  const reader = openMetricsReader(bus, {
    id: "edge",
    metrics: openMetrics("edge"),
    others: () => others,
    answerMs: 500,
  });
  try {
    const shown = async (): Promise<string[]> => (await reader.read()).match(/^of_\w+/gm) ?? [];
    await until("both have told", async () => (await shown()).length === 2, 60_000);
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    assert.deepEqual(await shown(), ["of_late", "of_prompt"]);
    opened.resolve();
    others = null;
    assert.deepEqual(await shown(), ["of_late", "of_prompt"]);
    others = ["prompt"];
    assert.deepEqual(await shown(), ["of_prompt"]);
  } finally {
    reader.close();
    late.close();
    prompt.close();
  }
});

test("an edge that has heard nobody yet waits for whoever answers", async () => {
  const one = tellOf("one", () => Promise.resolve());
  const reader = openMetricsReader(bus, {
    id: "young",
    metrics: openMetrics("edge"),
    others: () => null,
    answerMs: 500,
  });
  try {
    await until("it is shown", async () => /^of_one\{.*\} 0$/m.test(await reader.read()), 60_000);
  } finally {
    reader.close();
    one.close();
  }
});

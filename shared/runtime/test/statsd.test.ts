import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { Counter, Gauge, Histogram, openLog, openMetrics } from "../src/mod.ts";
import { parseStatsdUrl, startStatsd } from "../src/statsd.ts";

const tags = { service: "test", node: "test-0" };
const log = openLog("test", { LOG_LEVEL: "silent" });

test("counters, gauges and histograms arrive at a UDP socket, with their labels and whose they are", async (t) => {
  const socket = createSocket("udp4");
  t.after(() => socket.close());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const lines: string[] = [];
  socket.on("message", (packet) => lines.push(...packet.toString("utf8").split("\n")));

  const metrics = openMetrics(tags.service, tags.node);
  const registers = [metrics];
  const sent = new Counter({ name: "sent_total", help: "h", labelNames: ["by"], registers });
  new Gauge({ name: "open", help: "h", registers }).set(7);
  new Histogram({ name: "delay_seconds", help: "h", buckets: [0.1, 1], registers }).observe(0.05);
  sent.inc({ by: "ws" }, 3);
  const address = parseStatsdUrl(`udp://127.0.0.1:${socket.address().port}`);
  const statsd = startStatsd({ address, metrics, tags, log, everyMs: 20 });
  const arrived = async (line: string): Promise<void> => {
    while (!lines.includes(line)) await once(socket, "message", { signal: AbortSignal.timeout(5_000) });
  };
  const whose = "service:test,node:test-0";
  await arrived(`sent_total:3|c|#${whose},by:ws`);
  await arrived(`open:7|g|#${whose}`);
  await arrived(`delay_seconds:100|ms|#${whose}`);
  await arrived(`delay_seconds_count:1|c|#${whose}`);
  assert.ok(lines.some((line) => line.startsWith("process_resident_memory_bytes:")));
  assert.ok(lines.some((line) => line.startsWith("nodejs_eventloop_lag_seconds:")));

  // What was counted since the last round is told at the end.
  sent.inc({ by: "ws" }, 2);
  await statsd.close();
  await arrived(`sent_total:2|c|#${whose},by:ws`);
});

test("a server that is not there disturbs nobody", async () => {
  const metrics = openMetrics("test");
  const statsd = startStatsd({ address: { host: "127.0.0.1", port: 9 }, metrics, tags: {}, log, everyMs: 5 });
  await statsd.close();
});

test("an address is udp://host:port, and anything else is refused by name", () => {
  assert.deepEqual(parseStatsdUrl("udp://metrics.example:9125"), { host: "metrics.example", port: 9125 });
  assert.deepEqual(parseStatsdUrl("udp://10.0.0.1"), { host: "10.0.0.1", port: 8125 });
  assert.deepEqual(parseStatsdUrl("udp://[::1]:8125"), { host: "::1", port: 8125 });
  for (const text of ["tcp://host:8125", "host:8125", "udp:", "udp://host:99999", ""]) {
    assert.throws(() => parseStatsdUrl(text), {
      name: "ConfigError",
      message: /STATSD_URL=.*udp:\/\/host:port/,
    });
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { StreamConfig } from "@nats-io/jetstream";
import { encodeLogConfig, findMismatch } from "../src/log-config.ts";

const spec = { name: "cmd0", subjects: ["cmd.0.*", "job.0.*"], bytesMax: 1_000, replicas: 1 };
const config = encodeLogConfig(spec, "id");

test("what we make is what we accept", () => {
  assert.equal(findMismatch(config, spec.subjects), null);
  assert.equal(findMismatch(config, spec.subjects.toReversed()), null);
  assert.equal(findMismatch(config, undefined), null);
});

test("[L7] a stream that forgets by itself, or is not ours, is no log", () => {
  const changes: Partial<StreamConfig>[] = [
    { metadata: {} },
    { retention: "workqueue" },
    { discard: "old" },
    { max_age: 1 },
    { max_msgs_per_subject: 5 },
    { subjects: ["cmd.1.*"] },
  ];
  for (const change of changes) {
    assert.notEqual(findMismatch({ ...config, ...change }, spec.subjects), null, JSON.stringify(change));
  }
});

test("the operator's limits are no mismatch", () => {
  const limits = { max_bytes: 9, max_msgs: 9, num_replicas: 3 };
  const perSubject = { max_msgs_per_subject: 5, discard_new_per_subject: true };
  assert.equal(findMismatch({ ...config, ...limits, ...perSubject }, spec.subjects), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { classOf, targetOf } from "../src/nemesis/fault.ts";
import { planFaults } from "../src/nemesis/plan.ts";

const shape = { edges: 2, workers: 3, couriers: 1, shards: 16 };

test("the same seed gives the same plan, another seed another", () => {
  const plan = planFaults({ seed: 7, faults: 50, shape });
  assert.deepEqual(planFaults({ seed: 7, faults: 50, shape }), plan);
  assert.notDeepEqual(planFaults({ seed: 8, faults: 50, shape }), plan);
});

test("a plan has as many faults as asked for, and never two at once on one target", () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const steps = planFaults({ seed, faults: 20, shape });
    assert.equal(steps.flatMap((step) => step.faults).length, 20);
    for (const { faults } of steps) assert.equal(new Set(faults.map(targetOf)).size, faults.length);
  }
});

test("long plans hold every kind of fault, also two at once", () => {
  const steps = planFaults({ seed: 1, faults: 2_000, shape });
  const classes = new Set(steps.flatMap((step) => step.faults.map(classOf)));
  for (const deed of ["kill", "freeze", "restart"]) {
    for (const target of ["edge", "worker", "courier", "postgres", "nats", "redis"]) {
      assert.ok(classes.has(`${deed} ${target}`), `${deed} ${target}`);
    }
  }
  for (const deed of ["stall", "delay", "reset", "halve", "refuse"]) {
    for (const link of ["clients>edge", "edge>redis", "worker>nats", "worker>postgres"]) {
      assert.ok(classes.has(`${deed} ${link}`), `${deed} ${link}`);
    }
  }
  assert.ok(classes.has("flush redis"));
  assert.ok(classes.has("join worker"));
  assert.ok(steps.some((step) => step.faults.length === 2));
});

test("a plan can be limited to some sources, and knows no courier where there is none", () => {
  const only = planFaults({ seed: 3, faults: 100, shape, only: ["worker", "flush"] });
  for (const fault of only.flatMap((step) => step.faults)) assert.match(classOf(fault), /worker|flush/);
  const none = planFaults({ seed: 3, faults: 300, shape: { ...shape, couriers: 0 } });
  for (const fault of none.flatMap((step) => step.faults)) assert.doesNotMatch(targetOf(fault), /courier/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { planShedding, type SheddingState } from "../../src/socket/shed.ts";

const idle: SheddingState = { active: false };

test("an edge near the mean, alone, or told never to, sheds nothing", () => {
  assert.equal(planShedding(idle, { own: 1_190, others: [1_000, 1_000] }, 2).close, 0);
  assert.equal(planShedding(idle, { own: 9_000, others: [] }, 2).close, 0);
  assert.equal(planShedding(idle, { own: 9_000, others: [0] }, 0).close, 0);
  // Small numbers are never even.
  assert.equal(planShedding(idle, { own: 12, others: [0] }, 2).close, 0);
});

test("one well over the mean sheds its percentage a second, and never below the mean", () => {
  assert.deepEqual(planShedding(idle, { own: 10_000, others: [0] }, 2), {
    close: 200,
    state: { active: true },
  });
  const last = planShedding({ active: true }, { own: 1_052, others: [948] }, 2);
  assert.deepEqual(last, { close: 2, state: { active: true } });
});

for (const percent of [1, 2, 10]) {
  test(`a fleet that was scaled out comes to rest, at ${percent} % a second, whoever its sockets come back to`, () => {
    let fleet = [6_000, 6_000, 0, 0];
    const states = fleet.map(() => idle);
    let closed = 0;
    let seconds = 0;
    for (; seconds < 1_000; seconds += 1) {
      const shed = fleet.map((own, index) => {
        const plan = planShedding(
          states[index] ?? idle,
          { own, others: fleet.filter((_, other) => other !== index) },
          percent,
        );
        states[index] = plan.state;
        assert.ok(plan.close <= Math.ceil((own * percent) / 100), "a bounded rate");
        return plan.close;
      });
      const moved = shed.reduce((sum, each) => sum + each, 0);
      if (moved === 0) break;
      closed += moved;
      // A balancer that knows nothing: a quarter each, the closing edge included.
      fleet = fleet.map((own, index) => own - (shed[index] ?? 0) + moved / fleet.length);
    }
    assert.ok(seconds < 1_000, "at rest");
    assert.ok(Math.max(...fleet) <= 3_000 * 1.2, fleet.map(Math.round).join(", "));
    // Half had to move; a quarter of those that do come back to where they were, or to the other full edge.
    assert.ok(closed < 6_000 * 3, `${closed} moved`);
  });
}

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { runPromtool } from "@rookery/kit";
import { parse } from "yaml";
import { dashboards, encodeDashboard } from "../src/write-dashboards.ts";
import { root } from "../src/render.ts";

const folder = join(root, "infra/prometheus");

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert?: string;
      readonly for?: string;
      readonly labels?: { readonly severity?: string };
      readonly annotations?: { readonly summary?: string; readonly runbook?: string };
    }[];
  }[];
}

interface Tests {
  readonly tests: readonly {
    readonly name: string;
    readonly promql_expr_test: readonly { exp_samples: unknown[] }[];
  }[];
}

test("promtool takes every rule", async () => {
  const files = (await readdir(join(folder, "rules"))).map((name) => join(folder, "rules", name));
  const { code, output } = await runPromtool(["check", "rules", ...files]);
  assert.equal(code, 0, output);
});

test("every alert fires in its test, and is quiet in another", async () => {
  const { groups } = parse(await readFile(join(folder, "rules/alerts.yml"), "utf8")) as Rules;
  const { tests } = parse(await readFile(join(folder, "test/alerts.yml"), "utf8")) as Tests;
  const alerts = groups.flatMap(({ rules }) => rules);
  assert.ok(alerts.length >= 15);
  for (const { alert, labels, annotations, for: held } of alerts) {
    assert.ok(annotations?.summary && annotations.runbook, `${alert}: what it is and where to begin`);
    assert.match(labels?.severity ?? "", /^(critical|warning)$/, alert);
    assert.ok(held, `${alert}: a moment is no reason to wake anybody`);
    const counts = ["fires", "is quiet"].map((what) => {
      const found = tests.find(({ name }) => name === `${alert} ${what}`);
      return found?.promql_expr_test[0]?.exp_samples.length;
    });
    assert.deepEqual(counts, [1, 0], alert);
  }
  const { code, output } = await runPromtool(["test", "rules", join(folder, "test/alerts.yml")]);
  assert.equal(code, 0, output);
});

test("Grafana's files are what the lists say", async () => {
  for (const dashboard of dashboards) {
    const written = await readFile(join(root, "infra/grafana/dashboards", `${dashboard.uid}.json`), "utf8");
    assert.deepEqual(
      JSON.parse(written),
      JSON.parse(encodeDashboard(dashboard)),
      "run test/deployment/src/write-dashboards.ts",
    );
  }
});

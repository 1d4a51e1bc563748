import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { overlays, readSources, renderOverlay } from "../src/render.ts";
import { settingsOf, workloadsOf } from "../src/pod.ts";
import { checkManifest, type Manifest } from "../src/schema.ts";

const processes = ["edge", "worker", "courier"];
/** What an edge does beyond its sleep and DRAIN_MS: answers that are under way, and its servers' connections. */
const endSecondsMax = 20;

/** Secrets are wrapped by kustomize; the schema wants their base64 in one piece. */
function unwrapped(manifest: Manifest): Manifest {
  if (manifest.kind !== "Secret") return manifest;
  const data = Object.entries((manifest.data ?? {}) as Record<string, string>);
  return {
    ...manifest,
    data: Object.fromEntries(data.map(([key, text]) => [key, text.replaceAll(/\s/g, "")])),
  };
}

async function checkAll(manifests: readonly Manifest[]): Promise<string[]> {
  return (await Promise.all(manifests.map((each) => checkManifest(unwrapped(each))))).flat();
}

test("every object as it is written is one by its schema, without a field that is none", async () => {
  const { manifests, kustomizations } = await readSources("k8s");
  assert.ok(manifests.length > 25, `${manifests.length} objects`);
  assert.deepEqual(await checkAll(manifests), []);
  for (const [folder, { resources = [], components = [] }] of kustomizations) {
    const known = [...kustomizations.keys(), join(folder, "../../../infra")];
    for (const each of [...resources, ...components].filter((path) => !path.endsWith(".yaml"))) {
      assert.ok(known.includes(join(folder, each)), `${folder} names ${each}, where there is nothing`);
    }
  }
});

test("the check sees wrong types, wrong names and unknown kinds", async () => {
  const hpa = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "edge" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "edge" },
      maxReplicas: 3,
      behavior: { scaleDown: { stabilizationWindowSeconds: 600, policies: [] } },
    },
  };
  assert.deepEqual(await checkManifest(hpa), []);
  const { spec } = hpa;
  const typed = await checkManifest({ ...hpa, spec: { ...spec, maxReplicas: "3" } });
  assert.match(typed.join("\n"), /maxReplicas must be integer/);
  const scaleDown = { stabilisationWindowSeconds: 600, policies: [] };
  const named = await checkManifest({ ...hpa, spec: { ...spec, behavior: { scaleDown } } });
  assert.match(named.join("\n"), /\/spec\/behavior\/scaleDown\/stabilisationWindowSeconds is no field/);
  const scaled = {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name: "worker" },
    spec: { scaleTargetRef: { name: "worker" }, maxReplicas: 3, triggers: [] },
  };
  assert.match((await checkManifest(scaled)).join("\n"), /\/spec\/maxReplicas is no field/);
  const unknown = await checkManifest({ ...hpa, kind: "PodScaler" });
  assert.match(unknown.join("\n"), /no schema/);
});

for (const overlay of overlays) {
  test(`the overlay ${overlay}, rendered by kustomize, is what it should be`, async (context) => {
    const manifests = await renderOverlay(overlay);
    if (manifests === null) {
      // Said, not hidden: what it renders to was not seen here, only what it is made of (the first test).
      context.diagnostic("NOT RENDERED: neither kubectl nor kustomize is installed");
      return;
    }
    assert.deepEqual(await checkAll(manifests), []);
    const workloads = workloadsOf(manifests);
    const settings = settingsOf(manifests);

    for (const { name, pod } of workloads) {
      const [container] = pod.containers;
      assert.equal(pod.automountServiceAccountToken, false, `${name}: no token`);
      assert.equal(pod.securityContext?.runAsNonRoot, true, `${name}: not root`);
      assert.ok((pod.securityContext?.runAsUser ?? 0) > 0, `${name}: a user by number`);
      assert.equal(container?.securityContext?.readOnlyRootFilesystem, true, `${name}: a root to read`);
      assert.equal(container?.securityContext?.allowPrivilegeEscalation, false, name);
      assert.deepEqual(container?.securityContext?.capabilities?.drop, ["ALL"], name);
      assert.ok(container?.resources?.requests && container.resources.limits, `${name}: resources`);
      assert.doesNotMatch(container.image, /:latest$|^[^:]+$/, `${name}: a version of its image`);
      for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
        const port = probe?.httpGet?.port;
        if (typeof port !== "string") continue;
        assert.ok(
          container.ports?.some((each) => each.name === port),
          `${name}: port ${port} of a probe`,
        );
      }
    }
    for (const name of processes) {
      const workload = workloads.find((each) => each.name === name);
      assert.ok(workload !== undefined, name);
      const [container] = workload.pod.containers;
      assert.equal(container?.livenessProbe?.httpGet?.path, "/health/live");
      assert.equal(container.readinessProbe?.httpGet?.path, "/health/ready");
      assert.equal(workload.pod.topologySpreadConstraints?.length, 2);
      const budget: Manifest | undefined = manifests.find(
        (each) => each.kind === "PodDisruptionBudget" && each.metadata.name === name,
      );
      assert.equal(
        (budget?.spec as { unhealthyPodEvictionPolicy?: string } | undefined)?.unhealthyPodEvictionPolicy,
        "AlwaysAllow",
      );
    }

    const edge = workloads.find(({ name }) => name === "edge")?.pod;
    const sleepSeconds = edge?.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
    const drainSeconds = Number(settings["DRAIN_MS"]) / 1_000;
    assert.ok(sleepSeconds >= 5 && sleepSeconds <= 10, `preStop ${sleepSeconds} s`);
    assert.ok(drainSeconds >= 30 && drainSeconds <= 60, `DRAIN_MS ${drainSeconds} s`);
    const graceSeconds = edge?.terminationGracePeriodSeconds ?? 0;
    assert.ok(graceSeconds >= sleepSeconds + drainSeconds + endSecondsMax, `grace ${graceSeconds} s`);

    const denied = manifests.find(
      ({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "default-deny",
    );
    assert.deepEqual(denied?.spec, { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    const accounts = manifests.filter(({ kind }) => /^(Cluster)?Role(Binding)?$/.test(kind));
    assert.deepEqual(accounts, [], "nobody has rights");
    if (overlay === "production") {
      assert.deepEqual(
        manifests.filter(({ kind }) => kind === "Secret"),
        [],
        "secrets by reference",
      );
      checkScaling(manifests, Number(settings["ROOKERY_SHARDS"]));
    }
  });
}

interface Scaled {
  readonly scaleTargetRef: { readonly name: string };
  readonly maxReplicaCount?: number;
  readonly advanced?: { readonly horizontalPodAutoscalerConfig: { readonly behavior: Behavior } };
  readonly behavior?: Behavior;
}

interface Behavior {
  readonly scaleDown: {
    readonly stabilizationWindowSeconds: number;
    readonly policies: readonly {
      readonly type: string;
      readonly value: number;
      readonly periodSeconds: number;
    }[];
  };
}

function checkScaling(manifests: readonly Manifest[], shards: number): void {
  const scaled = manifests.filter(({ kind }) => ["HorizontalPodAutoscaler", "ScaledObject"].includes(kind));
  assert.deepEqual(scaled.map(({ metadata }) => metadata.name).toSorted(), [...processes].toSorted());
  for (const { metadata, spec } of scaled as (Manifest & { readonly spec: Scaled })[]) {
    assert.equal(spec.scaleTargetRef.name, metadata.name);
    const behavior = spec.behavior ?? spec.advanced?.horizontalPodAutoscalerConfig.behavior;
    assert.ok(behavior, `${metadata.name}: down slowly`);
    // The defaults take all that are too many in 15 s.
    assert.ok(behavior.scaleDown.stabilizationWindowSeconds >= 300, metadata.name);
    for (const { type, value, periodSeconds } of behavior.scaleDown.policies) {
      assert.deepEqual([type, value], ["Pods", 1]);
      assert.ok(periodSeconds >= 60, metadata.name);
    }
    if (metadata.name !== "edge") assert.ok((spec.maxReplicaCount ?? 0) <= shards / 4, "four shards each");
    const target = manifests.find(
      (each) => each.kind === "Deployment" && each.metadata.name === metadata.name,
    );
    assert.ok(target !== undefined);
    assert.equal(
      (target?.spec as { replicas?: number } | undefined)?.replicas,
      undefined,
      "replicas are the autoscaler's",
    );
  }
}

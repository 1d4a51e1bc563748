import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { readSources, root } from "../src/render.ts";
import type { Manifest } from "../src/schema.ts";

const production = join(root, "k8s/overlays/production");
const { manifests, kustomizations } = await readSources("k8s");

function specOf<T>(kind: string, name: string): T {
  const found = manifests.find((each) => each.kind === kind && each.metadata.name === name);
  assert.ok(found !== undefined, `${kind} ${name}`);
  return found.spec as T;
}

/** A number that a source names: `const name = 50 * 1_048_576;`. */
async function constantOf(file: string, name: string): Promise<number> {
  const text = await readFile(join(root, file), "utf8");
  const [, product] = new RegExp(`^(?:export )?const ${name} = ([\\d_ *]+);$`, "m").exec(text) ?? [];
  assert.ok(product !== undefined, `${file}: ${name}`);
  return product
    .replaceAll("_", "")
    .split("*")
    .reduce((value, factor) => value * Number(factor), 1);
}

interface Cluster {
  readonly postgresql: { readonly parameters: Readonly<Record<string, string>> };
}

/** Postgres' own three, migrations, the operator, Prometheus, backups, and people who look. */
const othersMax = 20;

test("Postgres has a connection for all that the autoscalers may start, while edges are replaced too", async () => {
  const most = {
    edge: specOf<{ maxReplicas: number }>("HorizontalPodAutoscaler", "edge").maxReplicas,
    worker: specOf<{ maxReplicaCount: number }>("ScaledObject", "worker").maxReplicaCount,
    courier: specOf<{ maxReplicaCount: number }>("ScaledObject", "courier").maxReplicaCount,
  };
  const needed = await Promise.all(
    Object.entries(most).map(
      async ([name, max]) => max * (await constantOf(`services/${name}/src/${name}.ts`, "connectionsMax")),
    ),
  );
  // A role is replaced after the other, and those who leave hold theirs until they have left.
  const sum = needed.reduce((total, each) => total + each, 0) + Math.max(...needed) + othersMax;
  const { parameters } = specOf<Cluster>("Cluster", "postgres").postgresql;
  assert.ok(sum <= Number(parameters["max_connections"]), `${sum} of ${parameters["max_connections"]}`);
});

interface Trigger {
  readonly type: string;
  readonly authenticationRef?: { readonly name: string };
  readonly metadata: Readonly<Record<string, string>>;
}

test("KEDA asks Prometheus alone, and as whom it has a token for", () => {
  for (const name of ["worker", "courier"]) {
    const { triggers } = specOf<{ triggers: readonly Trigger[] }>("ScaledObject", name);
    assert.ok(triggers.length > 0);
    for (const { type, authenticationRef, metadata } of triggers) {
      // A trigger on a consumer of NATS that nobody made takes the whole stream for what waits.
      assert.equal(type, "prometheus", name);
      assert.equal(authenticationRef?.name, "prometheus");
      assert.equal(metadata["authModes"], "bearer", `${name}: the token is sent only where it says so`);
    }
  }
});

interface Restricted {
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly drop: readonly string[] };
}

interface NatsValues {
  readonly config: { readonly cluster: { readonly merge?: { readonly authorization?: object } } };
  readonly podTemplate: { readonly merge: { readonly spec: { readonly securityContext?: object } } };
  readonly natsBox: { readonly enabled: boolean };
  readonly [container: string]: unknown;
}

test("NATS by its chart is let into the namespace, and its servers find each other", async () => {
  const values = parse(await readFile(join(production, "nats-values.yaml"), "utf8")) as NatsValues;
  assert.deepEqual(values.podTemplate.merge.spec.securityContext, {
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: 1000,
    seccompProfile: { type: "RuntimeDefault" },
  });
  for (const name of ["container", "reloader", "promExporter"]) {
    const { merge } = values[name] as { merge?: { securityContext?: Restricted } };
    assert.equal(merge?.securityContext?.allowPrivilegeEscalation, false, name);
    assert.deepEqual(merge.securityContext.capabilities?.drop, ["ALL"], name);
  }
  assert.equal(values.natsBox.enabled, false, "a pod more, of which nothing is said here");
  // The chart's addresses of routes have no user: servers that asked for one would refuse each other.
  assert.equal(values.config.cluster.merge?.authorization, undefined);
});

test("the gateway of the example is let in by the network policy", () => {
  const { patches = [] } = (kustomizations.get(production) ?? {}) as {
    patches?: readonly { patch: string }[];
  };
  const set = patches
    .flatMap(({ patch }) => parse(patch) as { path: string; value: unknown }[])
    .find(({ path }) => path === "/spec/gatewayClassName");
  assert.ok(set !== undefined);
  // Cilium's proxy is in no namespace, so the policy by namespace does not let it in.
  const isCilium = manifests.some(({ kind }: Manifest) => kind === "CiliumNetworkPolicy");
  assert.ok(set.value !== "cilium" || isCilium);
});

interface Route {
  readonly rules: readonly {
    readonly matches: readonly { readonly path: { readonly value: string } }[];
    readonly timeouts: { readonly request: string };
  }[];
}

/** 2 Mbit/s. */
const slowBytesPerSecond = 250_000;

test("the largest file passes the way in, by a slow line", async () => {
  const fileBytes = await constantOf("services/edge/src/http/route/file.ts", "fileBytesMax");
  const formBytes = await constantOf("services/edge/src/bot-api/body.ts", "bodyBytesMax");
  const ingress = manifests.find(({ kind }) => kind === "Ingress")?.metadata as
    | { readonly annotations?: Readonly<Record<string, string>> }
    | undefined;
  const size = ingress?.annotations?.["nginx.ingress.kubernetes.io/proxy-body-size"] ?? "";
  assert.match(size, /^\d+m$/);
  assert.ok(Number.parseInt(size, 10) * 1_048_576 >= Math.max(fileBytes, formBytes), size);

  const { rules } = specOf<Route>("HTTPRoute", "edge");
  for (const path of ["/v1/files", "/(file/)?bot[^/]+/.*"]) {
    const found = rules.filter(({ matches }) => matches.some((each) => each.path.value === path));
    assert.equal(found.length, 1, path);
    const seconds = Number.parseInt(found[0]?.timeouts.request ?? "", 10);
    assert.ok(seconds >= Math.max(fileBytes, formBytes) / slowBytesPerSecond, `${path}: ${seconds} s`);
  }
});

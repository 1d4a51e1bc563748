/** What Kubernetes, KEDA, the Prometheus operator, the Gateway API and CloudNativePG say of their objects, by the schemas they publish. */

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
  readonly data?: unknown;
}

/** Of every version in use, its kinds. */
const versions: Readonly<Record<string, () => Promise<object>>> = {
  v1: () => import("kubernetes-models/v1"),
  "apps/v1": () => import("kubernetes-models/apps/v1"),
  "autoscaling/v2": () => import("kubernetes-models/autoscaling/v2"),
  "batch/v1": () => import("kubernetes-models/batch/v1"),
  "networking.k8s.io/v1": () => import("kubernetes-models/networking.k8s.io/v1"),
  "policy/v1": () => import("kubernetes-models/policy/v1"),
  "gateway.networking.k8s.io/v1": () => import("@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1"),
  "keda.sh/v1alpha1": () => import("@kubernetes-models/keda/keda.sh/v1alpha1"),
  "monitoring.coreos.com/v1": () => import("@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1"),
  "postgresql.cnpg.io/v1": () => import("@kubernetes-models/cloudnative-pg/postgresql.cnpg.io/v1"),
};

/** Fields whose inside is free by the schema, so that no validator looks there. */
const freeFields = [/^\/metadata\/(labels|annotations)\//, /^\/data\//, /^\/stringData\//];

/**
 * What is wrong with an object: where its schema does not hold, and fields the schema does not know, which Kubernetes
 * would drop without a word. Empty: nothing.
 */
export async function checkManifest(manifest: Manifest): Promise<string[]> {
  const name = `${manifest.kind} ${manifest.metadata.name}`;
  const model = await findModel(manifest);
  if (model === undefined) return [`${name}: there is no schema of ${manifest.apiVersion} ${manifest.kind}`];
  const seen = new Set<string>();
  const complaints: string[] = [];
  try {
    // Its own `validate` reads the fields of `this`: here those of an object that writes down what is read.
    model.prototype.validate.call(watch(manifest, "", seen));
  } catch (error) {
    complaints.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  for (const path of leavesOf(manifest, "")) {
    const isKnown = seen.has(path) || freeFields.some((free) => free.test(path));
    if (!isKnown) complaints.push(`${name}: ${path} is no field of ${manifest.apiVersion} ${manifest.kind}`);
  }
  return complaints;
}

interface Model {
  readonly prototype: { validate(): void };
}

async function findModel({ apiVersion, kind }: Manifest): Promise<Model | undefined> {
  const models = (await versions[apiVersion]?.()) as Readonly<Record<string, Model>> | undefined;
  return models?.[kind];
}

/** An object like `value` that notes the path of every field that is read of it. */
function watch<T>(value: T, path: string, seen: Set<string>): T {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value, {
    get(target, field, receiver): unknown {
      const inner: unknown = Reflect.get(target, field, receiver);
      if (typeof field !== "string" || !Object.hasOwn(target, field)) return inner;
      const place = `${path}/${field}`;
      seen.add(place);
      return watch(inner, place, seen);
    },
  });
}

/** Paths of all fields, of objects and what is in them. */
function leavesOf(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([field, inner]) => {
    const place = `${path}/${field}`;
    return [place, ...leavesOf(inner, place)];
  });
}

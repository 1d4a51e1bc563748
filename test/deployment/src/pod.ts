/** What the manifests say of pods, read for the checks. */
import type { Manifest } from "./schema.ts";

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly securityContext?: {
    readonly readOnlyRootFilesystem?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[] };
  };
  readonly resources?: { readonly requests?: object; readonly limits?: object };
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly envFrom?: readonly object[];
}

export interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly topologySpreadConstraints?: readonly object[];
  readonly securityContext?: { readonly runAsNonRoot?: boolean; readonly runAsUser?: number };
  readonly containers: readonly Container[];
}

export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: PodSpec;
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

/** Deployments, StatefulSets and Jobs. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (!["Deployment", "StatefulSet", "Job"].includes(kind)) return [];
    const { template } = spec as { readonly template: PodTemplate };
    return [{ kind, name: metadata.name, labels: template.metadata.labels, pod: template.spec }];
  });
}

/** The settings that a rendered cluster gives its processes. */
export function settingsOf(manifests: readonly Manifest[]): Readonly<Record<string, string>> {
  const found = manifests.find(
    ({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("rookery-settings"),
  );
  return (found?.data ?? {}) as Record<string, string>;
}

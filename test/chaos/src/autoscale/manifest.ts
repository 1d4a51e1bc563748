/** Reads the autoscalers of `k8s/component/autoscaling`, the very files that a cluster is given. */
import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import type { Rules, ScalerSpec } from "./hpa.ts";

const folder = new URL("../../../../k8s/component/autoscaling/", import.meta.url);

/** What one metric asks for: its name in `/metrics`, how it is put together, and the figure aimed at. */
export interface Aim {
  readonly kind: "total" | "value";
  readonly metric: string;
  readonly target: number;
  /** KEDA's query, or null for the pods' own figures. */
  readonly query: string | null;
}

export interface Scaler extends ScalerSpec {
  readonly aims: readonly Aim[];
}

interface Behavior {
  readonly scaleUp: Rules;
  readonly scaleDown: Rules;
}

interface Hpa {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly metrics: readonly {
      readonly type: string;
      readonly pods?: {
        readonly metric: { readonly name: string };
        readonly target: { readonly averageValue: string };
      };
      readonly resource?: { readonly name: string; readonly target: { readonly averageUtilization: number } };
    }[];
    readonly behavior: Behavior;
  };
}

interface ScaledObject {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly minReplicaCount: number;
    readonly maxReplicaCount: number;
    readonly triggers: readonly {
      readonly type: string;
      readonly metricType: "AverageValue" | "Value";
      readonly metadata: { readonly query: string; readonly threshold: string };
    }[];
    readonly advanced: { readonly horizontalPodAutoscalerConfig: { readonly behavior: Behavior } };
  };
}

/** The CPU of a pod is compared with what it asks for, one core (`k8s/base/edge.yaml`). */
const cpu = "process_cpu_seconds_total";

export async function readHpa(file: string): Promise<Scaler> {
  const { metadata, spec } = await readOne<Hpa>(file);
  const aims = spec.metrics.map(({ pods, resource }): Aim => {
    if (pods !== undefined) {
      const target = parseQuantity(pods.target.averageValue);
      return { kind: "total", metric: pods.metric.name, target, query: null };
    }
    if (resource?.name !== "cpu") throw new Error(`${file}: a metric that is not known here`);
    return { kind: "total", metric: cpu, target: resource.target.averageUtilization / 100, query: null };
  });
  return { ...scalerOf(metadata.name, spec.minReplicas, spec.maxReplicas, spec.behavior), aims };
}

export async function readScaledObject(file: string): Promise<Scaler> {
  const { metadata, spec } = await readOne<ScaledObject>(file);
  const aims = spec.triggers
    .filter(({ type }) => type === "prometheus")
    .map(({ metricType, metadata: { query, threshold } }): Aim => {
      const [metric] = /rookery_[a-z_]+/.exec(query) ?? [];
      if (metric === undefined) throw new Error(`${file}: a query without a metric of ours`);
      return { kind: metricType === "Value" ? "value" : "total", metric, target: Number(threshold), query };
    });
  const { behavior } = spec.advanced.horizontalPodAutoscalerConfig;
  return { ...scalerOf(metadata.name, spec.minReplicaCount, spec.maxReplicaCount, behavior), aims };
}

function scalerOf(name: string, min: number, max: number, behavior: Behavior): ScalerSpec {
  return { name, min, max, up: behavior.scaleUp, down: behavior.scaleDown };
}

async function readOne<T>(file: string): Promise<T> {
  const [document] = parseAllDocuments(await readFile(new URL(file, folder), "utf8"));
  return document?.toJS() as T;
}

/** Kubernetes' way to write a number: `600m` is 0.6. */
export function parseQuantity(text: string): number {
  return text.endsWith("m") ? Number(text.slice(0, -1)) / 1_000 : Number(text);
}

/** What the scenarios of one goal have in common: a cluster, its scene in a generator, controls beside it, and the end of it all. */
import { type Cluster, startCluster } from "@rookery/kit";
import { profiling } from "./flags.ts";
import { type GeneratorProcess, startGenerator } from "./generator/generator-process.ts";
import type { Progress } from "./progress.ts";
import { bareScene, type ChatPreparation, type Scene, setScene } from "./scene.ts";
import { type ControlProcess, startControl } from "./scenario/control.ts";
import type { Target } from "./turns.ts";

export interface BenchShape {
  readonly edges?: number;
  readonly workers?: number;
  readonly shards?: number;
  readonly sockets: number;
  /** Members of each chat, by index of their socket. */
  readonly chats: readonly (readonly number[])[];
  readonly opensMax?: number;
  /** What is done to the chats before anybody comes. @returns each chat's head. */
  readonly prepare?: ChatPreparation;
  /** Folder for CPU profiles of the cluster's processes. */
  readonly profileDir?: string | undefined;
}

export interface Bench {
  readonly cluster: Cluster;
  readonly scene: Scene;
  readonly rookery: Target & { readonly generator: GeneratorProcess };
  /** Opens the same scene at a control of this kind. */
  addControl(kind: "bare" | "socket.io"): Promise<Target>;
  /** Closes the sockets. @returns those lost unasked. */
  closeSockets(): Promise<string[]>;
  end(): Promise<void>;
}

const opensMaxDefault = 100;

export async function openBench(shape: BenchShape, tell: Progress): Promise<Bench> {
  const generators: GeneratorProcess[] = [];
  const controls: ControlProcess[] = [];
  const opensMax = shape.opensMax ?? opensMaxDefault;
  const { profileDir } = shape;
  const cluster = await startCluster({
    edges: shape.edges ?? 1,
    workers: shape.workers ?? 1,
    ...(shape.shards === undefined ? {} : { shards: shape.shards }),
    // Edges even out what they hold while clients come back, and these do not.
    env: {
      SHED_PERCENT: "0",
      ...(profileDir === undefined ? {} : { NODE_OPTIONS: profiling({ profileDir }) }),
    },
  });
  const openAt = async (name: string, scene: Scene): Promise<GeneratorProcess> => {
    const generator = startGenerator(name, tell);
    generators.push(generator);
    const { openMs } = await generator.open({ ...scene, opensMax });
    tell(`${name}: ${scene.doors.length} sockets open after ${(openMs / 1_000).toFixed(1)} s`, true);
    return generator;
  };
  const end = async (): Promise<void> => {
    await Promise.all(generators.map((generator) => generator.end()));
    await Promise.all(controls.map((control) => control.close()));
    await cluster.close();
  };
  try {
    const scene = await setScene(cluster, shape.sockets, shape.chats, shape.prepare);
    const generator = await openAt("rookery", scene);
    return {
      cluster,
      scene,
      rookery: {
        name: "rookery",
        generator,
        pids: () => ({ ...cluster.pids, generator: [generator.pid] }),
      },
      async addControl(kind) {
        const control = await startControl(kind);
        controls.push(control);
        const its = bareScene(control.url, scene, kind === "bare" ? "rookery" : kind);
        const theirs = await openAt(kind, its);
        return {
          name: kind,
          generator: theirs,
          pids: () => ({ server: [control.pid], generator: [theirs.pid] }),
        };
      },
      closeSockets: async () => (await Promise.all(generators.map((each) => each.close()))).flat(),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

import { after, before, describe, it } from "node:test";
import { type Cluster, openCluster } from "../cluster.ts";
import { behaviours } from "./behaviours.ts";
import { type Cast, makeCast, openStage } from "./stage.ts";

/** The whole list of behaviours on a cluster of that shape, by JSON and by protobuf. */
export function describeBehaviours(
  shape: string,
  processes: { readonly edges: number; readonly workers: number },
): void {
  describe(`with ${shape}`, () => {
    let cluster: Cluster;
    let cast: Cast;
    const kept = new Map<string, Promise<unknown>>();
    before(async () => {
      cluster = await openCluster(processes);
      cast = await makeCast(cluster.base);
    });
    after(() => cluster?.close());

    for (const format of ["json", "proto"] as const) {
      for (const [subject, sentences] of Object.entries(behaviours)) {
        describe(`by ${format}: ${subject}`, () => {
          for (const [sentence, run] of Object.entries(sentences)) {
            it(sentence, async () => {
              const stage = openStage(cluster, cast, format, kept);
              try {
                await run(stage);
              } finally {
                await stage.close();
              }
            });
          }
        });
      }
    }
  });
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateBy, ownRoot, unpackVersion } from "../cluster/version.ts";
import { duration } from "../figure.ts";
import { pause } from "../pause.ts";
import { readFigures } from "../run/figures.ts";
import { runScenario, type Scenario } from "./scenario.ts";

/** Both versions serve side by side for so long after each restart. */
const betweenMs = 3_000;
const silenceMsMax = 2_000;
const runMsMax = 420_000;

export const upgrade: Scenario = {
  name: "upgrade",
  text: "a version before this one is upgraded under load: schema first, then process by process, one of them back and forth",
  run: async (options, tell) => {
    const folder = await mkdtemp(join(tmpdir(), "rookery-version-"));
    try {
      const before = await unpackVersion(folder, options.from ?? null);
      tell(`from ${before.commit}`);
      const rig = { ...options.rig, version: before };
      return await runScenario(options, tell, { name: "upgrade", rig, runMsMax }, async (hands) => {
        const { traffic, say, signal, faultDone } = hands;
        const members = (["worker", "courier", "edge"] as const).flatMap((role) => hands.rig.members(role));
        let unclean = 0;
        const become = async (member: (typeof members)[number], root: string): Promise<void> => {
          await pause(betweenMs, signal);
          if (!(await member.end())) unclean += 1;
          member.become(root);
          await member.start();
          say(`${member.name} is ${root === ownRoot ? "of this version" : "back"}`);
          faultDone();
        };
        await pause(betweenMs, signal);
        const env = { PATH: process.env["PATH"], DATABASE_URL: hands.rig.servers.postgres.url };
        const applied = (await migrateBy({ root: ownRoot }, env, "up")).filter((line) =>
          line.startsWith("applied"),
        );
        say(`schema: ${applied.join(", ") || "nothing between the two"}`);
        // Nobody has been restarted yet: the version before runs on the schema of this one.
        await pause(betweenMs, signal);
        for (const [index, member] of members.entries()) {
          if (signal.aborted) break;
          await become(member, ownRoot);
          if (index > 0) continue;
          // Half way it must be possible to go back.
          await become(member, before.root);
          await become(member, ownRoot);
        }
        await pause(betweenMs, signal);
        const { silenceMs, waitMsMax } = readFigures(traffic.journals, hands.rig.shape.shards);
        return {
          figures: {
            from: before.commit,
            "steps of the schema between": applied.length,
            restarts: members.length + 2,
            "ends that were not clean": unclean,
            "longest silence": duration(silenceMs),
            "longest wait for one ack": duration(waitMsMax),
          },
          holds: unclean === 0 && silenceMs <= silenceMsMax,
        };
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

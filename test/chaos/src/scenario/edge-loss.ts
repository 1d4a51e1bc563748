import { openRandom } from "@rookery/kit";
import { Reader } from "../client/reader.ts";
import { duration, percentile } from "../figure.ts";
import { readHeads } from "../journal/truth.ts";
import { pause } from "../pause.ts";
import type { Hands } from "../run/staged-run.ts";
import { runScenario, type Scenario } from "./scenario.ts";

const clientsDefault = 2_000;
const opensPerTick = 20;
/** Under way at once, so that opening them is not itself an overload. */
const opensMax = 60;
const tickMs = 100;
const openMsMax = 120_000;
const backMsMax = 60_000;
const pollMs = 25;
const rate = 20;
const promisedMs = 6_000;
const runMsMax = 360_000;

export const edgeLoss: Scenario = {
  name: "edge-loss",
  text: "an edge with 2,000 clients is killed: all are back at another and caught up (R4)",
  run: async (options, tell) => {
    const clients = options.trials ?? clientsDefault;
    const traffic = { ...options.traffic, devices: 1, commandsPerSecond: rate };
    const stage = { name: "edge-loss", traffic, directClients: true, runMsMax };
    return await runScenario(options, tell, stage, async (hands) => {
      const { rig, say, signal, faultDone } = hands;
      const crowd = await gather(clients, hands);
      try {
        // One that had to wait too long for its Hello has gone to another edge, and loses nothing now.
        const bereft = crowd.filter((reader) => reader.edge === 0 && reader.isCurrent);
        say(`kill edge-0 with ${bereft.length} clients`);
        const linksBefore = new Map(bereft.map((reader) => [reader, reader.links]));
        const startMs = performance.now();
        await rig.member("edge", 0).kill();
        const times = await awaitBack(linksBefore, hands, startMs);
        faultDone();
        await rig.member("edge", 0).start();
        await pause(tickMs, signal);
        return {
          figures: {
            "clients of the lost edge": bereft.length,
            "back and caught up": times.length,
            p50: duration(percentile(times, 0.5)),
            "the last one": duration(percentile(times, 1)),
          },
          holds: times.length === bereft.length && Math.max(...times) <= promisedMs,
        };
      } finally {
        await Promise.all(crowd.map((reader) => reader.close()));
      }
    });
  },
};

/** Opens readers on the first edge, a few at a time; they write nothing down, only keep their places. */
async function gather(clients: number, { traffic, rig, say, signal }: Hands): Promise<Reader[]> {
  const { people, rooms } = traffic.population;
  const journal = { add: () => undefined };
  const random = openRandom(1);
  const crowd: Reader[] = [];
  // They know what was said before: it is their coming back that is measured.
  const heads = new Map((await readHeads(rig.store)).map(({ id, headSeq: seq, rev }) => [id, { seq, rev }]));
  const untilMs = performance.now() + openMsMax;
  while (crowd.length < clients && performance.now() < untilMs) {
    if (crowd.filter((reader) => !reader.isCurrent).length < opensMax) {
      for (let count = 0; count < opensPerTick && crowd.length < clients; count += 1) {
        const person = people[crowd.length % people.length];
        if (person === undefined) break;
        const mine = rooms.filter((room) => room.members.includes(person));
        const places = new Map(mine.map(({ chatId }) => [chatId, heads.get(chatId) ?? { seq: 0, rev: 0 }]));
        const name = `crowd-${crowd.length}`;
        crowd.push(new Reader({ name, person, edges: rig.edgeUrls, random, journal, places }, 0));
      }
    }
    await pause(tickMs, signal);
  }
  while (!crowd.every((reader) => reader.isCurrent) && performance.now() < untilMs)
    await pause(tickMs, signal);
  say(`${crowd.filter((reader) => reader.isCurrent).length} of ${clients} clients are there`);
  return crowd;
}

/** @param linksBefore the readers that were there, and how many sockets each had opened. @returns when each was back and had everything acked before the edge was lost, in ms since. */
async function awaitBack(
  linksBefore: ReadonlyMap<Reader, number>,
  { traffic, signal }: Hands,
  startMs: number,
): Promise<number[]> {
  const heads = traffic.heads();
  const waiting = new Set(linksBefore.keys());
  const times: number[] = [];
  while (waiting.size > 0 && performance.now() - startMs < backMsMax && !signal.aborted) {
    for (const reader of waiting) {
      if (!reader.isCurrent || reader.links === linksBefore.get(reader)) continue;
      const isThere = [...heads].every(([chatId, seq]) => {
        const place = reader.placeOf(chatId);
        return place === undefined || place.seq >= seq;
      });
      if (!isThere) continue;
      waiting.delete(reader);
      times.push(performance.now() - startMs);
    }
    await pause(pollMs);
  }
  return times;
}

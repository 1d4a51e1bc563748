import { Reader } from "../client/reader.ts";
import { duration, percentile } from "../figure.ts";
import { pause } from "../pause.ts";
import { openRandom } from "../random.ts";
import type { Hands } from "../run/staged-run.ts";
import { runScenario, type Scenario } from "./scenario.ts";

const clientsDefault = 2_000;
const opensPerTick = 50;
const tickMs = 100;
const openMsMax = 90_000;
const backMsMax = 60_000;
const pollMs = 25;
const rate = 20;
const promisedMs = 6_000;
const runMsMax = 300_000;

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
        say(`kill edge-0 with ${clients} clients`);
        const startMs = performance.now();
        await rig.member("edge", 0).kill();
        const times = await awaitBack(crowd, hands, startMs);
        faultDone();
        await rig.member("edge", 0).start();
        await pause(tickMs, signal);
        return {
          figures: {
            clients,
            "back and caught up": times.length,
            "p50": duration(percentile(times, 0.5)),
            "the last one": duration(percentile(times, 1)),
          },
          holds: times.length === clients && Math.max(...times) <= promisedMs,
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
  while (crowd.length < clients) {
    for (let count = 0; count < opensPerTick && crowd.length < clients; count += 1) {
      const person = people[crowd.length % people.length];
      if (person === undefined) break;
      const chatIds = rooms.filter((room) => room.members.includes(person)).map((room) => room.chatId);
      const name = `crowd-${crowd.length}`;
      crowd.push(new Reader({ name, person, edges: rig.edgeUrls, random, journal, chatIds }, 0));
    }
    await pause(tickMs, signal);
  }
  const untilMs = performance.now() + openMsMax;
  while (!crowd.every((reader) => reader.isCurrent) && performance.now() < untilMs) await pause(tickMs, signal);
  say(`${crowd.filter((reader) => reader.isCurrent).length} of ${clients} clients are there`);
  return crowd;
}

/** @returns when each was back and had everything acked before the edge was lost, in ms since. */
async function awaitBack(crowd: readonly Reader[], { traffic, signal }: Hands, startMs: number): Promise<number[]> {
  const linksBefore = new Map(crowd.map((reader) => [reader, reader.links]));
  const heads = traffic.heads();
  const waiting = new Set(crowd);
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

/** One run: people do what they like over devices that come and go, and in the end all views are one. */
import { openRandom, type Random, type ServerFrame, until } from "@rookery/kit";
import { createDirect, createGroup, type Person, register } from "../rest.ts";
import { deeds } from "./deed.ts";
import { Device } from "./device.ts";
import { differences, readTruth } from "./truth.ts";

export interface RunOptions {
  readonly edges: readonly string[];
  readonly seed: number;
  /** Deeds and comings and goings, of all together. */
  readonly steps: number;
  /** What the device of that index is made not to hear. */
  readonly tamper?: (frame: ServerFrame, device: number) => ServerFrame | undefined;
  /** Until views that still differ count as wrong. */
  readonly settleMs?: number;
}

export interface RunResult {
  /** Empty when every view is what Postgres holds. */
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

const peopleCount = 5;
const devicesEach = 2;
/** Steps under way at once. */
const lanes = 5;
/** Of the steps of a device: it goes, and is back when it is chosen next. */
const leaveChance = 0.08;
const settleMsDefault = 15_000;
/** What is unanswered so long after the last step is a fault. */
const answerMs = 20_000;
const faultsShown = 8;

export async function runProperty(options: RunOptions): Promise<RunResult> {
  const { edges, seed, steps } = options;
  const base = edges[0] as string;
  const random = openRandom(seed);
  const people = await Promise.all(
    Array.from({ length: peopleCount }, (_, index) => register(base, `p${index}`)),
  );
  const devices = makeDevices(options, people, random);
  await begin(base, people);
  await Promise.all(devices.map((device) => device.connect(random)));
  const counts: Record<string, number> = {};
  const faults: string[] = [];

  const step = async (own: Random): Promise<void> => {
    const device = own.pick(devices);
    if (!device.isOpen) {
      await device.connect(own);
      return;
    }
    if (own.chance(leaveChance)) {
      await device.leave(own);
      return;
    }
    const chats = [...device.chats.values()];
    if (chats.length === 0) return;
    const { name, run } = own.weigh(deeds);
    counts[name] = (counts[name] ?? 0) + 1;
    const doing = run({ random: own, device, people, edges }, own.pick(chats));
    // What its device leaves unanswered when it goes is answered when it is back.
    await Promise.race([doing, gone(device)]);
    doing.catch((error: unknown) => faults.push(String(error)));
  };
  let left = steps;
  const lane = async (own: Random): Promise<void> => {
    while (left-- > 0) await step(own);
  };
  await Promise.all(Array.from({ length: lanes }, () => lane(openRandom(random.below(2 ** 32)))));

  await Promise.all(devices.map((device) => device.connect(random)));
  await until(() => devices.every(({ unanswered }) => unanswered === 0), {
    withinMs: answerMs,
    what: "an answer to everything",
  }).catch((error: unknown) => faults.push(String(error)));
  faults.push(...(await settle(base, people, devices, options.settleMs ?? settleMsDefault)));
  faults.push(...devices.flatMap((device) => device.faults));
  const connections = devices.reduce((sum, device) => sum + device.connections, 0);
  await Promise.all(devices.map((device) => device.leave(random)));
  return { faults: faults.slice(0, faultsShown), figures: { ...counts, connections } };
}

function makeDevices({ edges, tamper }: RunOptions, people: readonly Person[], random: Random): Device[] {
  return people.flatMap((person, who) =>
    Array.from({ length: devicesEach }, (_, which) => {
      const index = who * devicesEach + which;
      return new Device({
        name: `device ${who}.${which} of user ${person.userId}`,
        person,
        format: random.pick(["json", "proto"] as const),
        edges,
        ...(tamper === undefined ? {} : { tamper: (frame) => tamper(frame, index) }),
      });
    }),
  );
}

/** The chats everything begins with. */
async function begin(base: string, people: readonly Person[]): Promise<void> {
  const [one, other, third, ...rest] = people as [Person, Person, Person, ...Person[]];
  await Promise.all([
    createDirect(base, one, other),
    createGroup(base, one, [other, third], "some"),
    createGroup(base, third, [one, other, ...rest], "all"),
    createGroup(base, other, rest, "others"),
  ]);
}

/** Waits until every view is what Postgres holds. @returns what still differs when it has taken too long. */
async function settle(
  base: string,
  people: readonly Person[],
  devices: readonly Device[],
  withinMs: number,
): Promise<string[]> {
  let found: string[] = [];
  await until(
    async () => {
      const truth = await readTruth(base, people);
      found = devices.flatMap((device) => differences(device, truth));
      return found.length === 0;
    },
    { withinMs },
  ).catch(() => undefined);
  return found;
}

async function gone(device: Device): Promise<void> {
  await until(() => !device.isOpen, { withinMs: answerMs }).catch(() => undefined);
}

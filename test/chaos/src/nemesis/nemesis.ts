/** Does what the plan says, and writes down what it did. */
import type { PartName } from "@rookery/local";
import type { Rig } from "../cluster/rig.ts";
import { flushRedis } from "../cluster/server.ts";
import type { FaultEntry } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";
import { pause } from "../pause.ts";
import { classOf, type Deed, describeFault, type Fault } from "./fault.ts";
import type { Step } from "./plan.ts";

export interface NemesisOptions {
  readonly rig: Rig;
  readonly journal: Pick<Journal<FaultEntry>, "add">;
  /** Resolves when the cluster answers again, or it has been waited long enough. */
  readonly progress: () => Promise<void>;
  readonly tell: (line: string) => void;
  /** Told after each fault. */
  readonly faultDone: () => void;
  readonly signal: AbortSignal;
}

export interface Nemesis {
  /** Runs the steps in order. Resolves when the last is over and the cluster answers, or the signal ends it. */
  run(steps: readonly Step[]): Promise<void>;
}

/** A look at who owns what must not wait for a database that is being hurt. */
const ownerMsMax = 300;

export function openNemesis(options: NemesisOptions): Nemesis {
  const { rig, journal, tell, signal } = options;
  const doFault = async (fault: Fault): Promise<void> => {
    const names = { fault: classOf(fault), name: describeFault(fault) };
    tell(`${names.name}${fault.holdMs > 0 ? `, ${fault.holdMs} ms` : ""}`);
    if ("role" in fault && fault.role === "worker") await noteBereft(options, fault.index, names.fault);
    journal.add({ kind: "begin", ...names, atMs: performance.now() });
    await act(rig, fault, { journal, signal });
    journal.add({ kind: "end", ...names, atMs: performance.now() });
    options.faultDone();
  };

  return {
    async run(steps) {
      for (const step of steps) {
        if (signal.aborted) return;
        await Promise.all(step.faults.map(doFault));
        await options.progress();
        await pause(step.peaceMs, signal);
      }
    },
  };
}

/** Writes down which shards a worker is about to stop serving, if Postgres says so in time. */
export async function noteBereft(
  { rig, journal }: Pick<NemesisOptions, "rig" | "journal">,
  worker: number,
  fault: string,
): Promise<void> {
  const shards = await Promise.race([
    ownedShards(rig, worker).catch(() => []),
    pause(ownerMsMax).then(() => []),
  ]);
  if (shards.length > 0) journal.add({ kind: "bereft", fault, shards, atMs: performance.now() });
}

/** The shards a worker owns by what Postgres says. */
export async function ownedShards(rig: Pick<Rig, "store">, worker: number): Promise<number[]> {
  const { rows } = await rig.store.query<{ id: number }>(
    "select id from shard where kind = 'log' and owner like $1 order by id",
    [`worker-${worker}.%`],
  );
  return rows.map((row) => row.id);
}

type Hands = Pick<NemesisOptions, "journal" | "signal">;

async function act(rig: Rig, fault: Fault, hands: Hands): Promise<void> {
  switch (fault.kind) {
    case "kill":
    case "restart":
    case "freeze":
      if ("part" in fault) await hurtPart(rig, fault.kind, fault, hands);
      else await hurtMember(rig, fault.kind, fault, hands);
      return;
    case "stall":
      return cut(rig, fault, { kind: "stall", way: fault.way }, hands);
    case "delay":
      return cut(rig, fault, { kind: "delay", delayMs: fault.delayMs }, hands);
    case "refuse":
      return cut(rig, fault, { kind: "refuse" }, hands);
    case "reset":
      rig.links.find(fault.link).reset();
      return;
    case "halve": {
      const proxy = rig.links.find(fault.link);
      proxy.halveAll();
      await pause(fault.holdMs, hands.signal);
      proxy.reset();
      return;
    }
    case "flush":
      await flushRedis(rig.servers.redis).catch(() => undefined);
      return;
    case "join": {
      const worker = await rig.extend("worker", fault.index);
      await worker.start();
      await pause(fault.holdMs, hands.signal);
      if (fault.isClean) await worker.end();
      else await worker.kill();
    }
  }
}

async function hurtMember(
  rig: Rig,
  kind: Deed,
  fault: Extract<Fault, { role: string }>,
  { signal }: Hands,
): Promise<void> {
  const member = rig.member(fault.role, fault.index);
  if (kind === "freeze") {
    member.freeze();
    await pause(fault.holdMs, signal);
    member.thaw();
    return;
  }
  if (kind === "kill") await member.kill();
  else await member.end();
  await pause(fault.holdMs, signal);
  // One that cannot start now (a server is away) goes on trying.
  await member.start().catch(() => undefined);
}

async function hurtPart(
  rig: Rig,
  kind: Deed,
  fault: { readonly part: PartName; readonly holdMs: number },
  { journal, signal }: Hands,
): Promise<void> {
  const server = rig.servers[fault.part];
  if (kind === "kill") return server.kill();
  if (kind === "restart") return server.restart();
  await server.freeze();
  const fromMs = performance.now();
  await pause(fault.holdMs, signal);
  const toMs = performance.now();
  server.thaw();
  if (fault.part === "postgres") journal.add({ kind: "frozen", fromMs, toMs });
}

async function cut(
  rig: Rig,
  fault: Extract<Fault, { link: string }>,
  mode: Parameters<ReturnType<Rig["links"]["find"]>["set"]>[0],
  { signal }: Hands,
): Promise<void> {
  const proxy = rig.links.find(fault.link);
  proxy.set(mode);
  await pause(fault.holdMs, signal);
  proxy.set({ kind: "pass" });
}

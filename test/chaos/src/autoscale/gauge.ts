/** Reads what autoscalers look at, from the processes themselves. */
import type { Member } from "../cluster/member.ts";

const askMsMax = 1_500;

export interface Sample {
  readonly member: Member;
  readonly values: ReadonlyMap<string, number>;
  readonly atMs: number;
}

const cpu = "process_cpu_seconds_total";

/** Those that do not answer are left out, as Prometheus leaves them out. CPU comes as its rate since the last look. */
export function openGauges(): { read(members: readonly Member[]): Promise<Sample[]> } {
  const before = new Map<string, { readonly seconds: number; readonly atMs: number }>();
  return {
    async read(members) {
      const samples = await Promise.all(members.map(readOne));
      return samples.flatMap((sample) => {
        if (sample === null) return [];
        const seconds = sample.values.get(cpu) ?? 0;
        const last = before.get(sample.member.name);
        before.set(sample.member.name, { seconds, atMs: sample.atMs });
        // Of a process that has just begun no rate is known; its start is not its load.
        const isKnown = last !== undefined && seconds >= last.seconds && sample.atMs > last.atMs;
        const rate = isKnown ? ((seconds - last.seconds) * 1_000) / (sample.atMs - last.atMs) : 0;
        return [{ ...sample, values: new Map([...sample.values, [cpu, rate]]) }];
      });
    },
  };
}

async function readOne(member: Member): Promise<Sample | null> {
  if (!member.isUp) return null;
  try {
    const response = await fetch(`${member.statusUrl}/metrics`, { signal: AbortSignal.timeout(askMsMax) });
    const values = new Map<string, number>();
    for (const line of (await response.text()).split("\n")) {
      const [, name = "", value = ""] = /^([a-z_]+)(?:\{[^}]*\})? (\S+)$/.exec(line) ?? [];
      if (name !== "") values.set(name, (values.get(name) ?? 0) + Number(value));
    }
    return { member, values, atMs: performance.now() };
  } catch {
    return null;
  }
}

/** Where a process spent its time, from V8's CPU profile: by function, itself only. Pure. */

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly where: string;
  readonly seconds: number;
  /** Of the time in which it was not idle. */
  readonly share: number;
}

const idle = new Set(["(idle)", "(root)"]);

/** The `most` functions with the largest self time, largest first, and the busy seconds of the whole profile. */
export function selfTimes(
  { nodes, samples, timeDeltas }: CpuProfile,
  most: number,
): { readonly busySeconds: number; readonly top: readonly SelfTime[] } {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node.callFrame)]));
  const spent = new Map<string, number>();
  let busyUs = 0;
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? "?";
    const us = timeDeltas[index + 1] ?? 0;
    if (idle.has(name)) continue;
    busyUs += us;
    spent.set(name, (spent.get(name) ?? 0) + us);
  }
  const top = [...spent]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([where, us]) => ({ where, seconds: us / 1e6, share: us / busyUs }));
  return { busySeconds: busyUs / 1e6, top };
}

/** `heal rooms.ts:78`; native code has no place. */
function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  const file = url.split("/").at(-1) ?? "";
  return file === "" ? name : `${name} ${file}:${lineNumber + 1}`;
}

/**
 * What traces cost a command on its way, against the same without any: its JSON is parsed, it is looked up and answered, as
 * gateway and commit do. Run: `node shared/runtime/test/trace.bench.ts`. Rounds of all three take turns; only the ratios matter.
 */
import { openLog } from "../src/log.ts";
import { openTracer, type Tracer } from "../src/trace.ts";

const rounds = 60;
const commandsPerRound = 20_000;
const ratio = 0.01;

const log = openLog("bench", { LOG_LEVEL: "silent" });
const tracer = await openTracer(
  { endpoint: "http://127.0.0.1:9", ratio },
  { service: "bench", node: "bench", log },
);
const text = JSON.stringify({
  uuid: "0123456789abcdef",
  senderId: 7,
  command: { kind: "send", body: "a message of a usual length, some words long" },
});

interface Command {
  readonly uuid: string;
  readonly senderId: number;
  readonly command: { readonly kind: string };
}

const parts: { readonly [name: string]: { readonly tracer: Tracer | null } } = {
  "traces off": { tracer: null },
  [`${ratio * 100} % traced`]: { tracer },
};
const variants: ReadonlyMap<string, () => number> = new Map([
  ["no traces at all", (): number => runRound()],
  ...Object.entries(parts).map(([name, part]) => [name, (): number => runTracedRound(part)] as const),
]);

const took = new Map([...variants.keys()].map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, run] of variants) took.get(name)?.push(run());
}
const plain = took.get("no traces at all") ?? [];
for (const [name, times] of took) {
  const ratios = times.map((ms, round) => ms / (plain[round] ?? 1)).toSorted((a, b) => a - b);
  const ns = ((times.toSorted((a, b) => a - b)[rounds / 2] ?? 0) * 1e6) / commandsPerRound;
  const middle = ratios[rounds / 2]?.toFixed(3);
  process.stdout.write(`${name.padEnd(18)} ${ns.toFixed(0).padStart(6)} ns a command, ratio ${middle}\n`);
}
process.exit(0);

function runRound(): number {
  const startMs = performance.now();
  const waiting = new Map<string, Command>();
  for (let n = 0; n < commandsPerRound; n += 1) {
    const command = JSON.parse(text) as Command;
    waiting.set(command.uuid, command);
    waiting.delete(command.uuid);
  }
  return performance.now() - startMs;
}

function runTracedRound(part: { readonly tracer: Tracer | null }): number {
  const startMs = performance.now();
  const waiting = new Map<string, Command>();
  for (let n = 0; n < commandsPerRound; n += 1) {
    const command = JSON.parse(text) as Command;
    waiting.set(command.uuid, command);
    if (part.tracer !== null) {
      const { senderId } = command;
      const attributes = { "rookery.command": command.command.kind };
      part.tracer.note({ stage: "command", senderId, uuid: `${n}`, startMs: 1, endMs: 2, attributes });
    }
    waiting.delete(command.uuid);
  }
  return performance.now() - startMs;
}

/**
 * Figures of this package beside the client library's own, on one server: `NATS_URL=… node test/log.bench.ts`.
 * Only the ratios mean something on another machine.
 */
import { randomUUID } from "node:crypto";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { openLog } from "@rookery/runtime";
import { openBus } from "../src/mod.ts";

const MESSAGES = 100_000;
const BODY = new Uint8Array(300).fill(7);
const IN_FLIGHT = 1_000;
const READERS = 64;
const IDLE_MS = 5_000;

const url = process.env["NATS_URL"] ?? "nats://127.0.0.1:4222";
const bus = await openBus({ url, name: "bench", log: openLog("bench", { LOG_LEVEL: "error" }) });
const nats = await connect({ servers: url.replace("nats://", ""), noAsyncTraces: true });
const vendor = jetstream(nats);
const vendorAdmin = await jetstreamManager(nats);
const name = `bench-${randomUUID()}`;
const log = await bus.ensureLog({ name, subjects: [`${name}.*`], bytesMax: 2 ** 30, replicas: 1 });

/** Messages a second of `count` runs of `append`, at most `IN_FLIGHT` at once. */
async function pipeline(count: number, append: (n: number) => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await append(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return (count * 1_000) / (performance.now() - startMs);
}

const appendOurs = (round: string, subject: string) => (n: number) =>
  bus.append(subject, BODY, { msgId: `${round}-${n}` });
const appendTheirs = (round: string, subject: string) => (n: number) =>
  vendor.publish(subject, BODY, { msgID: `${round}-${n}` });

function readOurs(subject: string): Promise<number> {
  const startMs = performance.now();
  let seen = 0;
  return new Promise((resolve) => {
    const reader = log.read({
      subject,
      afterSeq: 0,
      onDelivery: () => {
        seen++;
        if (seen < MESSAGES) return;
        resolve((MESSAGES * 1_000) / (performance.now() - startMs));
        void reader.close();
      },
      onBroken: (reason) => {
        throw new Error(reason);
      },
    });
  });
}

async function readTheirs(subject: string): Promise<number> {
  const startMs = performance.now();
  const consumer = await vendor.consumers.get(name, { filter_subjects: subject });
  let seen = 0;
  return new Promise((resolve, reject) => {
    const begin = consumer.consume({
      max_messages: 5_000,
      callback: () => {
        seen++;
        if (seen === MESSAGES) resolve((MESSAGES * 1_000) / (performance.now() - startMs));
      },
    });
    begin.catch(reject);
  });
}

function tell(what: string, ours: number[], theirs: number[]): void {
  const [our, their] = [Math.max(...ours), Math.max(...theirs)];
  const figures = `ours ${our.toFixed(0)}/s, library ${their.toFixed(0)}/s`;
  console.log(`${what}: ${figures}, ratio ${(our / their).toFixed(2)}`);
}

const rounds = [1, 2, 3];
const appended: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
await pipeline(10_000, appendOurs("warm-a", `${name}.warm`));
await pipeline(10_000, appendTheirs("warm-b", `${name}.warm`));
for (const round of rounds) {
  appended.theirs.push(await pipeline(MESSAGES / 2, appendTheirs(`t${round}`, `${name}.t${round}`)));
  appended.ours.push(await pipeline(MESSAGES / 2, appendOurs(`o${round}`, `${name}.o${round}`)));
}
tell(`append 300 B, ${IN_FLIGHT} in flight`, appended.ours, appended.theirs);

await pipeline(MESSAGES, appendOurs("read", `${name}.read`));
const consumed: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
for (const _ of rounds) {
  consumed.theirs.push(await readTheirs(`${name}.read`));
  consumed.ours.push(await readOurs(`${name}.read`));
}
tell(`read ${MESSAGES} of 300 B`, consumed.ours, consumed.theirs);

const mark = await bus.append(`${name}.0`, BODY, { msgId: "mark" });
for (let shard = 0; shard < READERS; shard++)
  await bus.append(`${name}.${shard}`, BODY, { msgId: `s${shard}` });
const known = await log.messageAt(mark.seq);
const startMs = performance.now();
let first = 0;
const opened = Promise.withResolvers<void>();
const readers = Array.from({ length: READERS }, (_, shard) =>
  log.read({
    subject: `${name}.${shard}`,
    afterSeq: mark.seq,
    ...(known === null ? {} : { mark: known }),
    onDelivery: () => {
      if (++first === READERS) opened.resolve();
    },
    onBroken: (reason) => {
      throw new Error(reason);
    },
  }),
);
await opened.promise;
console.log(`${READERS} readers opened, checked and served: ${(performance.now() - startMs).toFixed(1)} ms`);
const cpu = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
const used = process.cpuUsage(cpu);
const share = ((used.user + used.system) / 1_000 / IDLE_MS) * 100;
console.log(`${READERS} idle readers: ${share.toFixed(2)} % of one processor`);
const closeMs = performance.now();
await Promise.all(readers.map((reader) => reader.close()));
console.log(`${READERS} readers closed: ${(performance.now() - closeMs).toFixed(1)} ms`);
await vendorAdmin.streams.delete(name);
await Promise.all([bus.close(), nats.close()]);

/**
 * How an edge shows the metrics of processes that nobody asks by HTTP: when it is asked, it asks them on core NATS and
 * waits for those who are alive. Nothing is sent while nobody looks.
 */
import {
  encodeInternal,
  type MetricsAsk,
  type MetricsTold,
  parseInternal,
  subjects,
} from "@rookery/protocol";
import { type Log, mergeMetrics, type Registry } from "@rookery/runtime";
import type { Bus, Subscription } from "./bus.ts";

/** Whoever has not answered by then is shown as it last told, or not at all. Well below what Prometheus waits (10 s). */
const answerMsMax = 2_000;
/** What was told longer ago is not shown any more. */
const toldMsMax = 60_000;
/** Readings at once; whoever comes then is given the newest of them. */
const readingsMax = 8;

/** Answers every edge that asks. */
export function answerMetrics(
  bus: Bus,
  self: { readonly id: string; readonly metrics: Registry; readonly log: Log },
): Subscription {
  const tell = async ({ edge, ask }: MetricsAsk): Promise<void> => {
    const text = await self.metrics.metrics();
    bus.publish(subjects.metrics(edge), encodeInternal({ id: self.id, ask, text } satisfies MetricsTold));
  };
  return bus.subscribe(subjects.metricsAsk, ({ bytes }) => {
    tell(parseInternal<MetricsAsk>(bytes)).catch((error: unknown) => {
      self.log.error({ err: error }, "metrics could not be told");
    });
  });
}

export interface MetricsReader {
  /** The metrics of this process and of the others, as one text; of those who do not answer in time, the last they told. */
  read(): Promise<string>;
  close(): void;
}

interface Told {
  readonly ask: number;
  readonly text: string;
  readonly atMs: number;
}

/**
 * Reads for the edge `id`; `others` are the ids of those expected to answer as of now, null when that is not known: then those
 * who told last time. A busy machine is late, or hears nobody for a second; a gap would look like a restart.
 */
export function openMetricsReader(
  bus: Bus,
  self: {
    readonly id: string;
    readonly metrics: Registry;
    readonly others: () => readonly string[] | null;
    readonly answerMs?: number;
  },
): MetricsReader {
  const { answerMs = answerMsMax } = self;
  /** What each told last. */
  const last = new Map<string, Told>();
  const readings = new Map<number, () => void>();
  let asks = 0;
  let newest = Promise.resolve("");
  const subscription = bus.subscribe(subjects.metrics(self.id), ({ bytes }) => {
    const { id, ask, text } = parseInternal<MetricsTold>(bytes);
    if (ask > (last.get(id)?.ask ?? 0)) last.set(id, { ask, text, atMs: performance.now() });
    for (const look of readings.values()) look();
  });

  /** Of those expected, without those that are gone. */
  const shown = (expected: readonly string[] | null): string[] => {
    const fromMs = performance.now() - toldMsMax;
    for (const [id, { atMs }] of last) if (atMs < fromMs) last.delete(id);
    const ids = [...last.keys()].filter((id) => expected === null || expected.includes(id));
    return ids.toSorted().flatMap((id) => last.get(id)?.text ?? []);
  };

  const ask = async (): Promise<string> => {
    const number = (asks += 1);
    const expected = self.others();
    // Whoever is known by nothing at all is waited for.
    const awaited = expected ?? (last.size === 0 ? null : [...last.keys()]);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (awaited?.every((id) => (last.get(id)?.ask ?? 0) >= number) === true) resolve();
      };
      readings.set(number, look);
      timer = setTimeout(resolve, answerMs);
      bus.publish(subjects.metricsAsk, encodeInternal({ edge: self.id, ask: number } satisfies MetricsAsk));
      look();
    });
    clearTimeout(timer);
    readings.delete(number);
    return mergeMetrics([await self.metrics.metrics(), ...shown(expected)]);
  };

  return {
    read() {
      if (readings.size < readingsMax) newest = ask();
      return newest;
    },
    close: () => subscription.close(),
  };
}

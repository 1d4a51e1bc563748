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

/** Whoever has not answered by then is left out of this reading. */
const answerMsMax = 500;
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
  /** The metrics of this process and of the others, as one text; of those who do not answer, none. */
  read(): Promise<string>;
  close(): void;
}

/** Reads for the edge `id`; `others` are the ids of those expected to answer as of now. */
export function openMetricsReader(
  bus: Bus,
  self: { readonly id: string; readonly metrics: Registry; readonly others: () => readonly string[] },
): MetricsReader {
  const readings = new Map<number, { readonly texts: Map<string, string>; readonly look: () => void }>();
  let asks = 0;
  let newest = Promise.resolve("");
  const subscription = bus.subscribe(subjects.metrics(self.id), ({ bytes }) => {
    const told = parseInternal<MetricsTold>(bytes);
    const reading = readings.get(told.ask);
    reading?.texts.set(told.id, told.text);
    reading?.look();
  });

  const ask = async (): Promise<string> => {
    const number = (asks += 1);
    const expected = self.others();
    const texts = new Map<string, string>();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (expected.every((id) => texts.has(id))) resolve();
      };
      readings.set(number, { texts, look });
      timer = setTimeout(resolve, answerMsMax);
      bus.publish(subjects.metricsAsk, encodeInternal({ edge: self.id, ask: number } satisfies MetricsAsk));
      look();
    });
    clearTimeout(timer);
    readings.delete(number);
    const told = [...texts].toSorted(([one], [other]) => one.localeCompare(other)).map(([, text]) => text);
    return mergeMetrics([await self.metrics.metrics(), ...told]);
  };

  return {
    read() {
      if (readings.size < readingsMax) newest = ask();
      return newest;
    },
    close: () => subscription.close(),
  };
}

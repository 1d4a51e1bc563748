/**
 * Traces of messages by OpenTelemetry: from the socket through the log to the commit and the delivery. Off unless
 * `OTEL_EXPORTER_OTLP_ENDPOINT` is set; then nothing of it is loaded, and whoever could tell of a span asks one null.
 */
import { randomBytes } from "node:crypto";
import { ConfigError, type Env, readText } from "./env.ts";
import type { Log } from "./log.ts";
import { traceIdsOf } from "./trace-id.ts";

export interface TraceConfig {
  /** Of an OTLP collector, without `/v1/traces`. */
  readonly endpoint: string;
  /** Of all messages, from 0 to 1. */
  readonly ratio: number;
}

const ratioDefault = "0.01";

/** By the names OpenTelemetry gives them. @throws ConfigError */
export function readTraceConfig(env: Env): TraceConfig | null {
  const endpoint = readText(env, "OTEL_EXPORTER_OTLP_ENDPOINT", "").replace(/\/+$/, "");
  if (endpoint === "") return null;
  if (!/^https?:$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : "")) {
    throw new ConfigError(`OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint} must be http:// or https://`);
  }
  const text = readText(env, "OTEL_TRACES_SAMPLER_ARG", ratioDefault);
  const ratio = Number(text);
  if (!(ratio >= 0 && ratio <= 1)) {
    throw new ConfigError(`OTEL_TRACES_SAMPLER_ARG=${text} must be a number from 0 to 1`);
  }
  return { endpoint, ratio };
}

export type TraceStage = "command" | "commit" | "deliver" | "telegram" | "webhook";

export interface TracedStep {
  readonly stage: TraceStage;
  readonly senderId: number;
  /** Empty: it is nobody's message, and not traced. */
  readonly uuid: string;
  /** By the wall clock. */
  readonly startMs: number;
  readonly endMs: number;
  /** Numbers and names; never what is in a message. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

export interface Tracer {
  /** Tells of a step that is over, if its message is among those that are traced. Never throws, never waits. */
  note(step: TracedStep): void;
  /** Sends what is left, for a moment. */
  close(): Promise<void>;
}

/** Spans that wait for the collector; beyond it they are dropped, for a trace is never worth a message. */
const queueMax = 8_192;
const batchMax = 512;
const delayMs = 1_000;
const exportMsMax = 5_000;
const closeMsMax = 2_000;
const sampled = 1;

export async function openTracer(
  config: TraceConfig | null,
  self: { readonly service: string; readonly node: string; readonly log: Log },
): Promise<Tracer | null> {
  if (config === null) return null;
  const [
    { ROOT_CONTEXT, trace },
    { BatchSpanProcessor, TracerProvider },
    { OTLPTraceExporter },
    { resourceFromAttributes },
  ] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  // Spans are made one at a time and at once, so the next one's ids can be laid ready.
  let [nextTraceId, nextSpanId] = ["", ""];
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": `rookery-${self.service}`,
      "service.instance.id": self.node,
    }),
    idGenerator: { generateTraceId: () => nextTraceId, generateSpanId: () => nextSpanId },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${config.endpoint}/v1/traces`, timeoutMillis: exportMsMax }),
        maxQueueSize: queueMax,
        maxExportBatchSize: batchMax,
        scheduledDelayMillis: delayMs,
        exportTimeoutMillis: exportMsMax,
      }),
    ],
  });
  const tracer = provider.getTracer("rookery");
  self.log.info({ endpoint: config.endpoint, ratio: config.ratio }, "messages are traced");
  return {
    note({ stage, senderId, uuid, startMs, endMs, attributes }) {
      const ids = uuid === "" ? null : traceIdsOf(senderId, uuid, config.ratio);
      if (ids === null) return;
      nextTraceId = ids.traceId;
      const isOne = stage === "command" || stage === "commit";
      nextSpanId = isOne ? ids[stage] : randomBytes(8).toString("hex");
      const parent = stage === "command" ? null : stage === "commit" ? ids.command : ids.commit;
      const context =
        parent === null
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, {
              traceId: ids.traceId,
              spanId: parent,
              traceFlags: sampled,
              isRemote: true,
            });
      tracer.startSpan(stage, { startTime: startMs, attributes, root: parent === null }, context).end(endMs);
    },
    async close() {
      const late = new Error(`not within ${closeMsMax} ms`);
      const { promise, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(late), closeMsMax);
      // A collector that is away would hold up the end for each batch that waits.
      await Promise.race([provider.shutdown(), promise]).catch((error: unknown) => {
        self.log.warn({ err: String(error) }, "the last traces could not be sent");
      });
      clearTimeout(timer);
    },
  };
}

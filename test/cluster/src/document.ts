/** `/v1/openapi.json` of the cluster under test, read once a process: all clusters of a run are of one version. */
import { type AnswerCheck, openAnswerCheck } from "@rookery/kit";

/** What is read of an operation. */
export interface Operation {
  readonly operationId: string;
  readonly "x-needs": string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: { readonly "application/json"?: { readonly schema: Schema } };
  };
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: Schema;
}

export type Schema = Readonly<Record<string, unknown>>;

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface ReadDocument {
  readonly document: ApiDocument;
  readonly check: AnswerCheck;
}

const readMsMax = 20_000;
let read: Promise<ReadDocument> | undefined;

/** @throws Error when it cannot be had; the next call tries again. */
export async function readDocument(base: string): Promise<ReadDocument> {
  const reading = (read ??= fetchDocument(base));
  try {
    return await reading;
  } catch (error) {
    if (read === reading) read = undefined;
    throw error;
  }
}

async function fetchDocument(base: string): Promise<ReadDocument> {
  const response = await fetch(`${base}/v1/openapi.json`, { signal: AbortSignal.timeout(readMsMax) });
  if (response.status !== 200) throw new Error(`/v1/openapi.json: ${response.status}`);
  const document: ApiDocument = JSON.parse(await response.text());
  return { document, check: openAnswerCheck(document) };
}

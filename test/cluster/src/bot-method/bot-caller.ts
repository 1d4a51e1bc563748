/** Calls of a bot, each made three times under one name and held against Telegram's documentation. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TelegramMessage } from "@gramio/types/objects";
import type { TelegramTypes } from "./telegram-type.ts";

const callMsMax = 60_000;

/** A file that goes along. */
export interface Upload {
  readonly name: string;
  readonly bytes: Buffer;
}

export type Values = Readonly<Record<string, unknown>>;

export interface Envelope {
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error_code?: number;
  readonly description?: string;
}

export interface BotCaller {
  /** What was called and not refused. */
  readonly called: ReadonlySet<string>;
  call(method: string, values?: Values, key?: string): Promise<Envelope>;
  /** Done, once; what is answered is as documented, and the same for a repeat. */
  done<T = TelegramMessage>(method: string, values?: Values): Promise<T>;
  /** Refused with these words. */
  refused(method: string, values: Values, description: string): Promise<void>;
}

/** `forget` leaves the cluster as an edge does that dies when a call's commands have committed and its answer is not kept. */
export function openBotCaller(root: string, types: TelegramTypes, forget: () => Promise<unknown>): BotCaller {
  const called = new Set<string>();
  const call = async (method: string, values: Values = {}, key?: string): Promise<Envelope> => {
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const response = await fetch(`${root}/${method}`, {
      method: "POST",
      headers,
      body: formOf(values),
      signal: AbortSignal.timeout(callMsMax),
    });
    const envelope = (await response.json()) as Envelope;
    assert.equal(response.status, envelope.ok ? 200 : envelope.error_code);
    return envelope;
  };
  return {
    called,
    call,
    async done<T>(method: string, values: Values = {}): Promise<T> {
      const key = randomUUID();
      const first = await call(method, values, key);
      assert.ok(first.ok, `${method} ${JSON.stringify(values).slice(0, 300)}: ${first.description}`);
      assert.deepEqual(types.checkResult(method, first.result), []);
      assert.deepEqual((await call(method, values, key)).result, first.result, `${method}, repeated`);
      await forget();
      const third = await call(method, values, key);
      assert.deepEqual(third.result, first.result, `${method}, repeated after a crash: ${third.description}`);
      called.add(method);
      return first.result as T;
    },
    async refused(method, values, description) {
      const { ok, description: words } = await call(method, values);
      assert.deepEqual([method, ok, words], [method, false, description]);
    },
  };
}

function isUpload(value: unknown): value is Upload {
  return typeof value === "object" && value !== null && "bytes" in value;
}

function formOf(values: Values): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) {
    if (isUpload(value)) form.set(name, new Blob([new Uint8Array(value.bytes)]), value.name);
    else form.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  // A form without parts is no multipart body.
  form.set("unknown", "ignored");
  return form;
}

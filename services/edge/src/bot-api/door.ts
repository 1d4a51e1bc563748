/**
 * The door of the Bot API: `/bot<token>/<method>` and `/file/bot<token>/<path>`, by uWS itself. Whose token it is, is known before
 * a byte of the body is read.
 */
import { type Readable, Readable as NodeReadable } from "node:stream";
import { type BotRun, Fault, type UserId } from "@rookery/protocol";
import { keepBotAnswer, type NativeBot, readBotAnswer, readNativeBot } from "@rookery/store";
import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { openInFlight } from "../http/in-flight.ts";
import { writeReply } from "../http/reply.ts";
import { RequestBody } from "../http/request-body.ts";
import { requestIdOf } from "../http/request-id.ts";
import { type Address, readAddress } from "./address.ts";
import { ApiRefusal, badRequest, refusalOfFault, tooMany } from "./api-refusal.ts";
import { addForm, Arguments } from "./arguments.ts";
import { bodyBytesMax, readArguments } from "./body.ts";
import type { BotApiContext } from "./context.ts";
import { sendFile } from "./download.ts";
import { type Call, Described, type Method, Written } from "./method.ts";

/** Calls in flight, parked ones included; beyond it 429. */
const callsMax = 20_000;
/** Bodies that hold files, at once: each may take 50 MB of the disk until its call is over. */
const uploadsMax = 64;
const retryMs = 1_000;
/** What a webhook may not answer (telegram-bot-api, WebhookActor.cpp). */
const notInAnswers = /^(?:deletewebhook|setwebhook|close|logout|get.*)$/is;
const answersKeptMs = 86_400_000;
/** What changes nothing has no need of a name. */
const reading = /^get/i;
const keyPattern = /^[A-Za-z0-9_-]{1,64}$/;

export interface BotApi {
  /** False: not a path of the Bot API; nothing was touched. */
  handle(res: HttpResponse, req: HttpRequest): boolean;
  /** Does what a bot's webhook answered. False: it could not be tried now. */
  run(answer: BotRun): Promise<boolean>;
  /** Resolves when no call is in flight. */
  idle(): Promise<void>;
  /** Ends calls that wait for something to happen. */
  close(): void;
}

export interface Envelope {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: number;
}

interface Request {
  readonly verb: string;
  readonly query: string;
  readonly type: string;
  readonly encoding: string;
  readonly range: string;
  readonly key: string | undefined;
  readonly requestId: string;
}

export function openBotApi(context: BotApiContext, methods: ReadonlyMap<string, Method>): BotApi {
  const inFlight = openInFlight(callsMax);
  const closing = new AbortController();
  /** Of calls in flight. `AbortSignal.any` of theirs and `closing` would do the same for many times the cost. */
  const open = new Set<AbortController>();
  let uploads = 0;

  function handle(res: HttpResponse, req: HttpRequest): boolean {
    const address = readAddress(req.getUrl());
    if (address === null) return false;
    const request = readRequest(req);
    const gone = new AbortController();
    // Registered at once: uWS lends both for this call only.
    const body = new RequestBody(res, { bytesMax: bodyBytesMax, tooLong: () => new ApiRefusal(413, "") });
    let isAborted = false;
    res.onAborted(() => {
      isAborted = true;
      body.abort();
      gone.abort();
    });
    const answer = (envelope: Envelope, close: boolean): void => {
      if (isAborted) return;
      const headers: [string, string][] = [
        ["content-type", "application/json"],
        ["x-request-id", request.requestId],
        ["x-content-type-options", "nosniff"],
        ["cache-control", "no-store"],
      ];
      if (envelope.retryAfter !== undefined) headers.push(["retry-after", String(envelope.retryAfter)]);
      const { status, body: text } = envelope;
      writeReply(res, { status, headers, body: text, close }, request.verb === "HEAD");
    };
    const entered = inFlight.enter();
    const { signal } = gone;
    if (closing.signal.aborted) gone.abort();
    else open.add(gone);
    const serving = !entered
      ? Promise.reject(tooMany(retryMs))
      : serve(address, request, { body, signal, res, isGone: () => isAborted });
    void serving
      .then(
        (envelope) => envelope,
        (error: unknown) => envelopeOf(refusalOf(error, request.requestId)),
      )
      .then(async (envelope) => {
        if (envelope === null) return;
        // The rest of a body that nobody wants is read first, so that its sender hears the answer.
        const isWhole = isAborted || (await body.drain());
        answer(envelope, !isWhole);
      })
      .finally(() => {
        open.delete(gone);
        if (entered) inFlight.leave();
      });
    return true;
  }

  /** Null: the answer is on its way already. */
  async function serve(
    address: Address,
    request: Request,
    wire: {
      readonly body: RequestBody;
      readonly signal: AbortSignal;
      readonly res: HttpResponse;
      readonly isGone: () => boolean;
    },
  ): Promise<Envelope | null> {
    if (address.token === null) throw new ApiRefusal(401, "invalid token specified");
    const isRead = request.verb === "GET" || (request.verb === "HEAD" && address.kind === "file");
    if (!isRead && request.verb !== "POST") throw new ApiRefusal(405, "");
    const bot = await context.reading.bot(address.token);
    if (bot === null) throw new ApiRefusal(401, "");
    await limit(bot);
    if (address.kind === "file") {
      await sendFile(context, { bot, path: address.path, ...request, ...wire });
      return null;
    }
    const args = new Arguments();
    addForm(args, request.query);
    const isMultipart = request.type.trimStart().toLowerCase().startsWith("multipart/");
    if (isMultipart && uploads >= uploadsMax) throw tooMany(retryMs);
    uploads += isMultipart ? 1 : 0;
    try {
      await takeArguments(wire.body, request, args);
      const named = address.method === "" ? (args.text("method") ?? "") : address.method;
      return await call(named, { bot, args, request, signal: wire.signal });
    } finally {
      uploads -= isMultipart ? 1 : 0;
      forget(args);
    }
  }

  async function call(
    name: string,
    about: Pick<Call, "bot" | "args" | "signal"> & {
      readonly request: Pick<Request, "key" | "requestId">;
    },
  ): Promise<Envelope> {
    const method = methods.get(name.toLowerCase());
    if (method === undefined) throw new ApiRefusal(404, "method not found");
    const { request, ...rest } = about;
    const { key, requestId } = request;
    if (key !== undefined && !keyPattern.test(key)) throw badRequest("invalid Idempotency-Key");
    const answer = async (): Promise<string> => {
      const result = await method.run({ ...rest, context, log: context.log, requestId, key });
      if (result instanceof Written) return `{"ok":true,"result":${result.json}}`;
      if (!(result instanceof Described)) return JSON.stringify({ ok: true, result });
      return JSON.stringify({ ok: true, result: result.result, description: result.description });
    };
    const isNamed = key !== undefined && !reading.test(name);
    const body = isNamed
      ? await once({ botId: rest.bot.id, key, method: method.name }, answer)
      : await answer();
    return { status: 200, body };
  }

  /** [L3] What was answered under a name is answered again; refusals are not kept, for nothing was done. */
  async function once(
    { method, ...named }: { readonly botId: UserId; readonly key: string; readonly method: string },
    answer: () => Promise<string>,
  ): Promise<string> {
    const { store, now } = context;
    const known = await readBotAnswer(store, named.botId, named.key);
    if (known !== null && known.method !== method) throw refusalOfFault(new Fault("conflict"));
    if (known !== null) return known.envelope;
    const fresh = { method, envelope: await answer() };
    // Of two that were under way at once, both tell what the first kept.
    const { envelope } = await keepBotAnswer(store, named, fresh, { nowMs: now(), keptMs: answersKeptMs });
    return envelope;
  }

  async function run({ botId, key, type, body }: BotRun): Promise<boolean> {
    const bot = await readNativeBot(context.store, botId);
    if (bot === null) return true;
    const args = new Arguments();
    const source = NodeReadable.from([Buffer.from(body, "base64")]);
    try {
      await takeArguments(source, { type, encoding: "" }, args);
      const name = args.text("method") ?? "";
      if (name === "" || notInAnswers.test(name)) return true;
      const request = { key, requestId: key };
      await call(name, { bot, args, request, signal: closing.signal });
      return true;
    } catch (error) {
      const { code, message } = refusalOf(error, key);
      context.log.info({ botId, key, code, err: message }, "what a webhook answered was not done");
      return code < 500 && code !== 429;
    } finally {
      forget(args);
    }
  }

  async function takeArguments(
    source: Readable,
    about: Pick<Request, "type" | "encoding">,
    args: Arguments,
  ): Promise<void> {
    const { contents } = context.files;
    await readArguments(source, about, {
      args,
      takeFile: async (file, named) => ({ ...(await contents.receive(file)), ...named }),
    });
  }

  function forget(args: Arguments): void {
    for (const upload of args.uploads) void context.files.contents.discard(upload).catch(() => {});
  }

  async function limit({ id }: NativeBot): Promise<void> {
    const { bot } = context.rateLimits;
    if (bot === null) return;
    const decision = await context.limits.take({ limit: bot, key: String(id) });
    if (!decision.allowed) throw tooMany(decision.retryMs);
  }

  function refusalOf(error: unknown, requestId: string): ApiRefusal {
    if (error instanceof ApiRefusal) return error;
    return refusalOfFault(context.faultOf(error, "a call of the Bot API met a bug", { requestId }));
  }

  function close(): void {
    closing.abort();
    for (const each of open) each.abort();
  }

  return { handle, run, idle: () => inFlight.idle(), close };
}

export function envelopeOf({ code, message, hints }: ApiRefusal): Envelope {
  const body = {
    ok: false,
    error_code: code,
    description: message,
    ...(hints === undefined ? {} : { parameters: hints }),
  };
  const retryAfter = hints?.retry_after;
  return { status: code, body: JSON.stringify(body), ...(retryAfter === undefined ? {} : { retryAfter }) };
}

function readRequest(req: HttpRequest): Request {
  // Undefined when there is none, whatever the typings say.
  const query: string | undefined = req.getQuery();
  const key = req.getHeader("idempotency-key");
  return {
    verb: req.getCaseSensitiveMethod().toUpperCase(),
    query: query ?? "",
    type: req.getHeader("content-type"),
    encoding: req.getHeader("content-encoding"),
    range: req.getHeader("range"),
    key: key === "" ? undefined : key,
    requestId: requestIdOf(req.getHeader("x-request-id")),
  };
}

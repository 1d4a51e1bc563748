/** `/bot<token>/<method>`: who calls what, what goes wrong with it, and the envelope of the answer. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PollDesk } from "../bot/poll.ts";
import type { RateLimiter } from "../bot/rate-limit.ts";
import type { PostAnswer } from "../bot/webhook-post.ts";
import type { CallFault, FaultPlan } from "../fault/fault-plan.ts";
import type { Call, Seen } from "../journal/journal.ts";
import type { MethodCall, WebhookDesk } from "../method/method.ts";
import { findMethod, isWebhookMethod } from "../method/methods.ts";
import { Refusal } from "../refusal.ts";
import type { Bot } from "../world/bot.ts";
import type { Json } from "../world/message.ts";
import type { World } from "../world/world.ts";
import { type Arguments, parseArguments } from "./arguments.ts";

/** What to write back. `cut`: the connection, instead of an answer. */
export type ApiAnswer =
  | { readonly kind: "cut" }
  | { readonly kind: "page"; readonly status: number }
  | { readonly kind: "envelope"; readonly status: number; readonly body: Json; readonly retryAfter?: number };

export interface ApiReply {
  readonly answer: ApiAnswer;
  /** The caller never got the answer. */
  onUnheard(): void;
}

export interface BotApi {
  call(token: string, method: string, args: Arguments, signal: AbortSignal): Promise<ApiReply>;
  /** Bytes of `/file/bot<token>/<path>`. @throws Refusal */
  download(token: string, path: string): { readonly bytes: Buffer; readonly mime: string };
  /** Executes the method in the body of a webhook's answer, if there is one. Its result is told to nobody. */
  answerOfWebhook(bot: Bot, answer: PostAnswer): Promise<void>;
}

export interface BotApiOptions {
  readonly world: World;
  readonly polls: PollDesk;
  readonly webhooks: WebhookDesk;
  readonly limiter: RateLimiter | null;
  readonly faults: FaultPlan;
}

interface Running {
  readonly name: string;
  readonly args: Arguments;
  readonly signal: AbortSignal;
  readonly isWebhookAnswer: boolean;
}

export function openBotApi(options: BotApiOptions): BotApi {
  const { world, faults } = options;

  /** @throws Refusal 401 */
  function authorise(token: string): Bot {
    const isToken = token.includes(":") && !token.startsWith("0") && token.length <= 80;
    if (!isToken) throw new Refusal(401, "Unauthorized: invalid token specified");
    const bot = world.botByToken(token);
    if (bot === undefined) throw new Refusal(401, "Unauthorized");
    return bot;
  }

  async function run(bot: Bot, { name, args, signal, isWebhookAnswer }: Running): Promise<ApiReply> {
    const method = findMethod(name);
    if (method === undefined) throw new Refusal(404, "Not Found: method not found");
    const fault = faults.ofCall({ method: method.name, botId: bot.id, chatId: args.integer("chat_id") });
    const entry = world.journal.call({
      atMs: world.now(),
      botId: bot.id,
      method: method.name,
      fields: args.fields,
      isWebhookAnswer,
      ...(fault === null ? {} : { fault: fault.kind }),
    });
    const seen: Seen[] = [];
    const reply = (answer: ApiAnswer): ApiReply => ({
      answer: finish(entry, answer),
      onUnheard() {
        for (const each of seen) each.outcome = "unknown";
      },
    });

    const instead = fault === null ? null : answerInstead(fault);
    if (instead !== null) return reply(instead);
    let answer: ApiAnswer;
    try {
      const call: MethodCall = {
        ...options,
        bot,
        args,
        signal,
        see: (about) => void seen.push(world.journal.see({ ...about, atMs: world.now(), botId: bot.id })),
      };
      const result = await method.run(call);
      const { description } = call;
      answer = envelope(200, { ok: true, result, ...(description === undefined ? {} : { description }) });
    } catch (error) {
      answer = encodeFailure(error);
    }
    if (fault?.kind === "slow") await sleep(fault.delayMs);
    const done = reply(fault?.kind === "cut_after" ? { kind: "cut" } : answer);
    if (fault?.kind === "cut_after") done.onUnheard();
    return done;
  }

  return {
    async call(token, name, args, signal) {
      try {
        return await run(authorise(token), {
          name: name === "" ? args.text("method") : name,
          args,
          signal,
          isWebhookAnswer: false,
        });
      } catch (error) {
        return { answer: encodeFailure(error), onUnheard: () => undefined };
      }
    },
    download(token, path) {
      authorise(token);
      const file = world.files.byPath(path);
      if (file === undefined) throw new Refusal(404, "Not Found");
      return { bytes: file.bytes, mime: file.mime };
    },
    async answerOfWebhook(bot, { contentType, body }) {
      if (body.length === 0) return;
      const args = parseArguments(new URLSearchParams(), contentType, body);
      const name = args.text("method");
      if (name === "" || !isWebhookMethod(name)) return;
      try {
        const signal = new AbortController().signal;
        // Nobody hears what became of it.
        await run(bot, { name, args, signal, isWebhookAnswer: true });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    },
  };
}

/** What a fault answers without doing what was asked; null when it is done. */
function answerInstead(fault: CallFault): ApiAnswer | null {
  if (fault.kind === "cut_before") return { kind: "cut" };
  if (fault.kind !== "status") return null;
  const { code, retryAfter, isPage } = fault;
  if (isPage === true) return { kind: "page", status: code };
  const description =
    fault.description ??
    (code === 429 ? `Too Many Requests: retry after ${retryAfter ?? 1}` : "Internal Server Error");
  return encodeFailure(
    new Refusal(code, description, retryAfter === undefined ? undefined : { retry_after: retryAfter }),
  );
}

export function encodeFailure(error: unknown): ApiAnswer {
  // Anything but a refusal is a bug of the simulator, told as such.
  const refusal =
    error instanceof Refusal ? error : new Refusal(500, `Internal Server Error: ${String(error)}`);
  const { code, parameters } = refusal;
  return {
    ...envelope(code, {
      ok: false,
      error_code: code,
      description: lowerFirst(refusal.message),
      ...(parameters === undefined ? {} : { parameters }),
    }),
    ...(parameters?.retry_after === undefined ? {} : { retryAfter: parameters.retry_after }),
  };
}

/** After `Bad Request: ` and its like Telegram begins small, unless the word is a code in capitals. */
function lowerFirst(description: string): string {
  return description.replace(
    /^((?:Bad Request|Forbidden|Conflict): )([A-Z])(?![A-Z_])/,
    (_all, prefix: string, first: string) => `${prefix}${first.toLowerCase()}`,
  );
}

function envelope(status: number, body: Json): Extract<ApiAnswer, { kind: "envelope" }> {
  return { kind: "envelope", status, body };
}

function finish(entry: Call, answer: ApiAnswer): ApiAnswer {
  entry.status = answer.kind === "cut" ? 0 : answer.status;
  if (answer.kind === "envelope" && answer.body["ok"] === false)
    entry.error = String(answer.body["description"]);
  return answer;
}

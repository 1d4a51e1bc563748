/** The Bot API surface of this edge, with all it stands on. */
import type { Bus } from "@rookery/bus";
import { type BotRun, encodeInternal, parseInternal, subjects } from "@rookery/protocol";
import type { AddressRules } from "@rookery/webhook";
import type { EdgeContext } from "../http/context.ts";
import type { Typing } from "../socket/typing.ts";
import type { BotWaits } from "./bot-waits.ts";
import type { BotApiContext } from "./context.ts";
import { type BotApi, openBotApi } from "./door.ts";
import type { FetchFile } from "./fetch-file.ts";
import { openMethods } from "./methods.ts";
import { openReading } from "./reading.ts";

export interface BotApiSurface extends Pick<BotApi, "handle" | "idle"> {
  /** Calls that wait are answered; none is taken any more. */
  end(): void;
  close(): Promise<void>;
}

export function openBotApiSurface(parts: {
  readonly context: Pick<
    EdgeContext,
    | "store"
    | "commands"
    | "config"
    | "limits"
    | "rateLimits"
    | "secrets"
    | "files"
    | "now"
    | "faultOf"
    | "log"
  >;
  readonly addresses: AddressRules;
  /** Closed with the surface. */
  readonly fetchFile: FetchFile;
  readonly waits: BotWaits;
  readonly typing: Pick<Typing, "show" | "draft">;
  readonly bus: Pick<Bus, "subscribe">;
  readonly edge: string;
}): BotApiSurface {
  const { context, addresses, fetchFile, waits, typing } = parts;
  const surface: BotApiContext = {
    store: context.store,
    reading: openReading(context.store),
    commands: context.commands,
    publicUrl: context.config.publicUrl,
    commandTimeoutMs: context.config.commandTimeoutMs,
    limits: context.limits,
    rateLimits: context.rateLimits,
    secrets: context.secrets,
    files: context.files,
    addresses,
    fetchFile,
    waits,
    showTyping: (chatId, userId) => typing.show(chatId, userId),
    showDraft: (frame) => typing.draft(frame),
    now: context.now,
    faultOf: context.faultOf,
    log: context.log,
  };
  const api = openBotApi(surface, openMethods());
  const answers = parts.bus.subscribe(subjects.botRun(parts.edge), (message) => {
    // Who asked asks again, here or elsewhere, when nothing comes.
    void api.run(parseInternal<BotRun>(message.bytes)).then(
      (isDone) => isDone && message.respond(encodeInternal({})),
      (error: unknown) => context.log.warn({ err: String(error) }, "what a webhook answered was not done"),
    );
  });
  return {
    handle: (res, req) => api.handle(res, req),
    idle: () => api.idle(),
    end() {
      answers.close();
      api.close();
    },
    close: () => fetchFile.close(),
  };
}

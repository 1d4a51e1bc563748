import { type SecretBox, SecretBoxError } from "@rookery/auth";
import { bookCommands, checkBook, type DialogBook } from "@rookery/dialog-book";
import { botLanguages, type RouteTable, type UserId, wordsFor } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  botSecretOwner,
  type CommandWork,
  dueCommandWork,
  finishCommandWork,
  type Store,
} from "@rookery/store";
import { openTelegramClient, type TelegramCall, TelegramError } from "@rookery/telegram";
import { retryDelayMs } from "../retry-delay.ts";

export interface CommandRepair {
  /** Stops looking, gives up the call in flight, and resolves when nothing runs. */
  close(): Promise<void>;
}

const pollMsDefault = 2_000;
const callTimeoutMs = 10_000;
/** Read in one look; what is left is found by the next. */
const workMax = 100;
/** Telegram takes no more in a menu. */
const commandsMax = 100;

/** Tells Telegram which commands each bot's menu has, in each language, until it agrees. The rows are the state. */
export function startCommandRepair(options: {
  readonly store: Store;
  readonly secrets: SecretBox;
  /** `TELEGRAM_API_ROOT` */
  readonly apiRoot: string;
  readonly log: Log;
  readonly ownsBot: (botId: UserId) => boolean;
  readonly pollMs?: number;
}): CommandRepair {
  const { store, log, ownsBot, pollMs = pollMsDefault } = options;
  const client = openTelegramClient({ apiRoot: options.apiRoot, timeoutMs: callTimeoutMs });
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  async function repair(work: CommandWork): Promise<void> {
    const { botId, version } = work;
    try {
      const token = options.secrets.openSecret(work.token, botSecretOwner.token(botId));
      for (const call of commandCalls(work.routes, bookOf(work.dialogs)))
        await client.ask(token, call, stop.signal);
      await finishCommandWork(store, { botId, version, status: "set", error: null, nextAttemptMs: null });
      log.info({ botId }, "Telegram knows the commands");
    } catch (error) {
      if (!(error instanceof TelegramError || error instanceof SecretBoxError)) throw error;
      if (stop.signal.aborted) return;
      const isRefused = error instanceof SecretBoxError || error.kind === "refused";
      const askedMs = error instanceof TelegramError ? error.retryMs : null;
      log.warn({ botId, error: error.message }, "the commands of a bot are not set");
      await finishCommandWork(store, {
        botId,
        version,
        status: isRefused ? "failed" : "pending",
        error: error.message,
        nextAttemptMs: Date.now() + (askedMs ?? retryDelayMs(work.attempts, Math.random())),
      });
    }
  }

  async function run(): Promise<void> {
    try {
      for (const work of await dueCommandWork(store, { nowMs: Date.now(), limit: workMax })) {
        if (stop.signal.aborted) return;
        if (ownsBot(work.botId)) await repair(work);
      }
    } catch (error) {
      log.warn({ err: error }, "commands of bots could not be looked after");
    }
    if (!stop.signal.aborted) timer = setTimeout(start, pollMs);
  }
  function start(): void {
    running = run();
  }
  start();

  return {
    close: async () => {
      stop.abort();
      clearTimeout(timer);
      await running;
    },
  };
}

function bookOf(dialogs: object | null): DialogBook | null {
  const check = checkBook(dialogs);
  return check.kind === "valid" ? check.book : null;
}

/** The menu without a language, for whom we have no words of, and one for each language that has words of its own. Pure. */
export function commandCalls(
  { commands = [] }: RouteTable,
  book: DialogBook | null,
): readonly TelegramCall[] {
  const answered = book === null ? [] : bookCommands(book);
  const names = new Set(answered.map(({ command }) => command));
  // Dialogues are asked first: a route of the same command is never gone.
  const routed = commands
    .filter(({ command }) => !names.has(command))
    .map(({ command, description }) => ({
      command,
      texts: description ?? {},
      any: wordsFor(description, null),
    }));
  const [first = ""] = book?.languages ?? [];
  const said: readonly {
    command: string;
    texts: Readonly<Record<string, string>>;
    any?: string | undefined;
  }[] = [...answered.map(({ command, texts }) => ({ command, texts, any: texts[first] })), ...routed].slice(
    0,
    commandsMax,
  );
  const menuIn = (language: string | null) =>
    said.flatMap(({ command, texts, any }) => {
      const description = (language === null ? any : texts[language]) ?? any;
      return description === undefined ? [] : [{ command, description }];
    });
  const languages = new Set([...botLanguages, ...(book?.languages ?? [])]);
  return [
    menuOf(menuIn(null), {}),
    ...[...languages].map((language) => {
      const isSpoken = said.some(({ texts }) => texts[language] !== undefined);
      return menuOf(isSpoken ? menuIn(language) : [], { language_code: language });
    }),
  ];
}

function menuOf(commands: readonly object[], scope: { readonly language_code?: string }): TelegramCall {
  if (commands.length === 0) return { method: "deleteMyCommands", params: scope };
  return { method: "setMyCommands", params: { commands, ...scope } };
}

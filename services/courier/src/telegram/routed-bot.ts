import { type SecretBox, SecretBoxError } from "@rookery/auth";
import { openRoutes } from "@rookery/bot";
import { openDialogDecider } from "@rookery/dialog";
import { checkBook, type DialogBook, ownCommands } from "@rookery/dialog-book";
import type { BotDecider, BotService, RouteTable, UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  botSecretOwner,
  headersOwner,
  readRoutedBots,
  type RoutedBot as BotRow,
  type Store,
} from "@rookery/store";

/** A bot whose people we answer. */
export interface RoutedBot {
  readonly id: UserId;
  readonly username: string;
  /** Null: it does not open under our master key; what goes to Telegram directly does not go. */
  readonly token: string | null;
  readonly routes: RouteTable;
  readonly services: ReadonlyMap<
    string,
    { readonly spec: BotService; readonly headers: Readonly<Record<string, string>> }
  >;
  /** What its people may command, for its usage: what they make up would be a row each. */
  readonly commands: ReadonlySet<string>;
  /** Asked in turn; the first that says something decides. */
  readonly deciders: readonly BotDecider[];
}

export interface RoutedBots {
  /** Null: there is none. A change of its tables counts after `lifeMs` at most. */
  get(id: UserId): Promise<RoutedBot | null>;
}

const lifeMs = 1_000;
const botsMax = 10_000;

export function openRoutedBots(parts: {
  readonly store: Store;
  readonly secrets: SecretBox;
  readonly now: () => number;
  readonly log: Log;
}): RoutedBots {
  const { store, secrets, now, log } = parts;
  const known = new Map<UserId, { readonly bot: Promise<RoutedBot | null>; readonly untilMs: number }>();
  const built = new Map<UserId, { readonly version: number; readonly bot: RoutedBot }>();

  const load = async (id: UserId): Promise<RoutedBot | null> => {
    const [row] = await readRoutedBots(store, [id]);
    if (row === undefined) return null;
    const before = built.get(id);
    // The same tables: patterns are compiled once. A token may be another all the same.
    if (before !== undefined && before.version === row.version) return { ...before.bot, token: tokenOf(row) };
    const book = bookOf(row);
    const bot: RoutedBot = {
      id,
      username: row.username,
      token: tokenOf(row),
      routes: row.routes,
      services: servicesOf(row),
      commands: commandsOf(row.routes, book),
      deciders: [...(book === null ? [] : [openDialogDecider(book)]), openRoutes(row.routes)],
    };
    built.delete(id);
    built.set(id, { version: row.version, bot });
    const [oldest] = built.keys();
    if (built.size > botsMax && oldest !== undefined) built.delete(oldest);
    return bot;
  };

  const tokenOf = ({ id, token }: BotRow): string | null => open(id, token, botSecretOwner.token(id));

  /** Checked when they were written, and again: by rules that may have changed since. */
  const bookOf = ({ id, dialogs }: BotRow): DialogBook | null => {
    if (dialogs === null || Object.keys(dialogs).length === 0) return null;
    const check = checkBook(dialogs);
    if (check.kind === "valid") return check.book;
    log.warn(
      { botId: id, issues: check.issues },
      "the dialogues of a bot are not valid any more, and are left out",
    );
    return null;
  };

  const servicesOf = ({ id, services, headers }: BotRow): RoutedBot["services"] => {
    const text = headers === null ? null : open(id, headers, headersOwner(id));
    const values = (text === null ? {} : JSON.parse(text)) as Record<string, Record<string, string>>;
    return new Map(
      Object.entries(services).map(([name, spec]) => [name, { spec, headers: values[name] ?? {} }]),
    );
  };

  const open = (botId: UserId, sealed: BotRow["token"], owner: string): string | null => {
    try {
      return secrets.openSecret(sealed, owner);
    } catch (error) {
      if (!(error instanceof SecretBoxError)) throw error;
      log.warn({ botId }, "a secret of a bot does not open under our master key");
      return null;
    }
  };

  return {
    get(id) {
      const found = known.get(id);
      if (found !== undefined && found.untilMs > now()) return found.bot;
      const bot = load(id);
      known.delete(id);
      known.set(id, { bot, untilMs: now() + lifeMs });
      bot.catch(() => known.delete(id));
      const [oldest] = known.keys();
      if (known.size > botsMax && oldest !== undefined) known.delete(oldest);
      return bot;
    },
  };
}

function commandsOf({ commands = [] }: RouteTable, book: DialogBook | null): ReadonlySet<string> {
  const begun = Object.values(book?.dialogs ?? {}).flatMap((dialog) => dialog.commands);
  return new Set([...ownCommands, ...commands.map(({ command }) => command), ...begun]);
}

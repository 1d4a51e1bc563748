import { openBus } from "@rookery/bus";
import { ConfigError, type Env, readInteger } from "@rookery/runtime";
import {
  countDeadLetters,
  type DeadLetter,
  listDeadLetters,
  readDeadLetters,
  type Store,
} from "@rookery/store";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { encodeVerdict, retryDeadLetters } from "./dead-letter-retry.ts";
import { withRunningCluster } from "./running-cluster.ts";
import { type Column, encodeTable } from "./text-table.ts";

const limitDefault = 50;
const limitMax = 10_000;
/** Retried by one call of `--all`; a second call takes up what is left. */
const retriesMax = 1_000;

export const deadLetters: Command = {
  name: "dead-letters",
  summary: "lists commands that could not be applied, and gives them to their shards again",
  usage: [
    "Usage: rookery dead-letters list [--limit 50] [--retried] [--json]",
    "       rookery dead-letters retry <id>… | --all",
    "",
    "A command that throws, that Postgres refuses or that kills its worker is parked, so that its shard goes on; its",
    "sender is told `internal`. Put the cause right first, then retry.",
    "",
    "  list     the newest first; --retried adds those given to their shards before, --json prints whole commands",
    "  retry    appends them to the log again, the oldest first, and tells what became of them. A repeat is safe: what",
    "           has been applied meanwhile is not applied twice. What fails again is parked again, under a new id",
    "",
    "  --data   data folder whose cluster is meant when DATABASE_URL and NATS_URL are not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["data", "limit"], ["all", "json", "retried"]);
    const [action, ...rest] = flags.positionals;
    if (action === "list" && rest.length === 0) return await list(flags, env);
    if (action === "retry") return await retry(rest, flags, env);
    throw new ConfigError("say what to do: list, or retry <id>… | --all");
  },
};

async function list({ values, switches }: ParsedFlags, env: Env): Promise<number> {
  const range = { fallback: limitDefault, min: 1, max: limitMax };
  const limit = readInteger({ "--limit": values["limit"] }, "--limit", range);
  const page = { limit, newestFirst: true, withRetried: switches.has("retried") };
  const { letters, total } = await withRunningCluster({ data: values["data"], env }, ({ store }) =>
    readPage(store, page),
  );
  if (switches.has("json")) {
    const whole = letters.map((letter) => ({ ...letter, command: JSON.parse(letter.command) as unknown }));
    process.stdout.write(`${JSON.stringify(whole)}\n`);
    return 0;
  }
  if (total === 0) process.stdout.write("no dead letters\n");
  else process.stdout.write(`${encodeTable(letters, columns).join("\n")}\n`);
  if (total > letters.length) process.stdout.write(`… ${total - letters.length} more; see --limit\n`);
  return 0;
}

/** @returns 1 when one of them failed again. */
async function retry(ids: readonly string[], { values, switches }: ParsedFlags, env: Env): Promise<number> {
  const isAll = switches.has("all");
  if (isAll === ids.length > 0) throw new ConfigError("retry what? Give their ids, or --all");
  const numbers = ids.map((text) => {
    const id = Number(text);
    if (!Number.isSafeInteger(id) || id < 1) throw new ConfigError(`${text} is no id of a dead letter`);
    return id;
  });
  return await withRunningCluster({ data: values["data"], env }, async ({ store, natsUrl, log }) => {
    if (natsUrl === undefined)
      throw new ConfigError("NATS does not run here: start the cluster, or set NATS_URL");
    const { letters, left } = isAll ? await readWaiting(store) : await readGiven(store, numbers);
    if (letters.length === 0) {
      process.stdout.write("no dead letters\n");
      return 0;
    }
    const bus = await openBus({ url: natsUrl, name: "rookery cli", log });
    try {
      const verdicts = await retryDeadLetters({ store, bus }, letters);
      for (const [letter, verdict] of verdicts) {
        process.stdout.write(`${letter.id}: ${encodeVerdict(letter, verdict)}\n`);
      }
      if (left > 0) process.stdout.write(`${left} more wait; call it again\n`);
      return verdicts.some(([, { kind }]) => kind === "parked" || kind === "refused") ? 1 : 0;
    } finally {
      await bus.close();
    }
  });
}

async function readPage(
  store: Store,
  page: Parameters<typeof listDeadLetters>[1],
): Promise<{ letters: DeadLetter[]; total: number }> {
  return { letters: await listDeadLetters(store, page), total: await countDeadLetters(store, page) };
}

async function readWaiting(store: Store): Promise<{ letters: DeadLetter[]; left: number }> {
  const page = { limit: retriesMax, newestFirst: false, withRetried: false };
  const { letters, total } = await readPage(store, page);
  return { letters, left: total - letters.length };
}

async function readGiven(
  store: Store,
  ids: readonly number[],
): Promise<{ letters: DeadLetter[]; left: number }> {
  const letters = await readDeadLetters(store, ids);
  const missing = ids.filter((id) => letters.every((letter) => letter.id !== id));
  if (missing.length > 0) throw new ConfigError(`there is no dead letter ${missing.join(", ")}`);
  return { letters, left: 0 };
}

const columns: readonly Column<DeadLetter>[] = [
  { title: "id", align: "right", cell: ({ id }) => String(id) },
  { title: "parked", cell: ({ parkedMs }) => new Date(parkedMs).toISOString() },
  { title: "shard", align: "right", cell: ({ shard }) => String(shard) },
  { title: "actor", widthMax: 24, cell: ({ actor }) => actor },
  { title: "sender", align: "right", cell: ({ senderId }) => String(senderId) },
  { title: "uuid", widthMax: 64, cell: ({ uuid }) => uuid },
  { title: "reason", widthMax: 72, cell: ({ reason }) => reason },
  {
    title: "retried",
    cell: ({ retriedMs }) => (retriedMs === null ? "-" : new Date(retriedMs).toISOString()),
  },
];

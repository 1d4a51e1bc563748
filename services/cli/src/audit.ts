import { setTimeout as pause } from "node:timers/promises";
import { ConfigError, readInteger } from "@rookery/runtime";
import { type AuditFilter, type AuditRow, followAudit, listAudit, type Store } from "@rookery/store";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { withRunningCluster } from "./running-cluster.ts";
import { type Column, encodeTable } from "./text-table.ts";
import { demandUser } from "./user.ts";

const limitDefault = 50;
const limitMax = 10_000;
const lookMs = 1_000;
/** Ids commit out of order; so far back is looked for those that came late. */
const lookBack = 200;

export const audit: Command = {
  name: "audit",
  summary: "shows what happened to accounts, sessions and keys",
  usage: [
    "Usage: rookery audit [--user <id, username or email>] [--kind login_failed] [--limit 50] [--follow] [--json]",
    "",
    "The newest events, the oldest of them first; never a secret, never what somebody typed.",
    "",
    "  --follow  goes on with what happens, until Ctrl-C",
    "  --json    one event a line",
    "",
    "  --data    data folder whose cluster is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["user", "kind", "limit", "data"], ["follow", "json"]);
    if (flags.positionals.length > 0) throw new ConfigError("it takes flags only");
    const range = { fallback: limitDefault, min: 1, max: limitMax };
    const limit = readInteger({ "--limit": flags.values["limit"] }, "--limit", range);
    await withRunningCluster({ data: flags.values["data"], env }, async ({ store }) => {
      const name = flags.values["user"];
      const userId = name === undefined ? null : (await demandUser(store, name)).id;
      await show(store, { userId, kind: flags.values["kind"] ?? null, limit }, flags);
    });
    return 0;
  },
};

async function show(store: Store, filter: AuditFilter, { switches }: ParsedFlags): Promise<void> {
  const tell = (rows: readonly AuditRow[], isFirst: boolean): void => {
    const lines = switches.has("json")
      ? rows.map((row) => JSON.stringify(row))
      : encodeTable(rows, columns).slice(isFirst ? 0 : 1);
    if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
  };
  const first = await listAudit(store, filter);
  tell(first, true);
  if (!switches.has("follow")) return;
  let seen = new Set(first.map(({ id }) => id));
  let last = first.at(-1)?.id ?? 0;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  while (!stop.signal.aborted) {
    const rows = await followAudit(store, { ...filter, limit: limitMax }, Math.max(0, last - lookBack));
    // What is older than the first page was not asked for.
    const news = rows.filter(({ id }) => !seen.has(id) && id > (first[0]?.id ?? 0));
    tell(news, false);
    seen = new Set([...rows.map(({ id }) => id), ...first.map(({ id }) => id)]);
    last = Math.max(last, rows.at(-1)?.id ?? 0);
    await pause(lookMs, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

const columns: readonly Column<AuditRow>[] = [
  { title: "at", cell: ({ atMs }) => new Date(atMs).toISOString() },
  { title: "what", cell: ({ kind }) => kind.padEnd(21) },
  { title: "user", align: "right", cell: ({ userId }) => idOf(userId) },
  { title: "by", align: "right", cell: ({ actorId }) => idOf(actorId) },
  { title: "session", align: "right", cell: ({ sessionId }) => idOf(sessionId) },
  { title: "key", align: "right", cell: ({ keyId }) => idOf(keyId) },
  { title: "address", widthMax: 46, cell: ({ address }) => address ?? "-" },
  { title: "detail", widthMax: 80, cell: ({ detail }) => (detail === null ? "-" : JSON.stringify(detail)) },
];

function idOf(id: number | null): string {
  return id === null ? "-" : String(id);
}

import { openApiKeys, scopeRefusal } from "@rookery/auth";
import { ConfigError, type Env, readInteger } from "@rookery/runtime";
import { type ApiKeyRow, audit, endApiKey, inTransaction, insertApiKey, listApiKeys } from "@rookery/store";
import { findAccount, inOneLine } from "./account.ts";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { withStore } from "./database.ts";
import { announceRevocation } from "./revocation.ts";
import { type Column, encodeTable } from "./text-table.ts";

const listMax = 1_000;
const dayMs = 24 * 60 * 60_000;

export const key: Command = {
  name: "key",
  summary: "makes, lists and revokes API keys",
  usage: [
    "Usage: rookery key create --user <id, username or email> --name <text> --scopes <scope,…> [flags]",
    "       rookery key list [--user <…>] [--json]",
    "       rookery key revoke <id>",
    "",
    "  create   prints the key, which nobody can find out later; --days 90 lets it end, --rate-limit 600 gives it so many",
    "           requests a minute of its own. A scope is `chats:read`, `messages:*`, …, or `admin` for all its user may do",
    "  list     those of a user, or all",
    "  revoke   ends it, for good; its sockets are closed within a second",
    "",
    "  --data   data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["user", "name", "scopes", "days", "rate-limit", "data"], ["json"]);
    const [action, ...rest] = flags.positionals;
    if (action === "create" && rest.length === 0) return inOneLine(() => create(flags, env));
    if (action === "list" && rest.length === 0) return inOneLine(() => list(flags, env));
    if (action === "revoke" && rest.length === 1) return inOneLine(() => revoke(rest[0] ?? "", flags, env));
    throw new ConfigError("say what to do: create, list, or revoke <id>");
  },
};

async function create({ values }: ParsedFlags, env: Env): Promise<number> {
  const { user, name = "", scopes: list = "", data } = values;
  if (name === "") throw new ConfigError("give --name, by which it is known later");
  const scopes = list.split(",").filter((scope) => scope !== "");
  for (const scope of scopes) {
    const refusal = scopeRefusal(scope);
    if (refusal !== undefined) throw new ConfigError(`--scopes: ${scope} ${refusal}`);
  }
  const days = readInteger({ "--days": values["days"] }, "--days", { fallback: 0, min: 0, max: 36_500 });
  const range = { fallback: 0, min: 0, max: 1_000_000 };
  const rateLimit = readInteger({ "--rate-limit": values["rate-limit"] }, "--rate-limit", range);
  const nowMs = Date.now();
  const { made, row } = await withStore({ data, env }, async (store) => {
    const account = await findAccount(store, user);
    const made = await openApiKeys().create();
    return inTransaction(store, async (db) => {
      const { row } = await insertApiKey(db, {
        userId: account.id,
        prefix: made.prefix,
        digest: made.digest,
        name,
        scopes,
        rateLimit: rateLimit === 0 ? null : rateLimit,
        createdMs: nowMs,
        expiresMs: days === 0 ? null : nowMs + days * dayMs,
        requestUuid: null,
      });
      await audit(db, { kind: "key_created", atMs: nowMs, userId: account.id, keyId: row.id });
      return { made, row };
    });
  });
  process.stdout.write(`key ${row.id} of user ${row.userId}: ${made.key}\n`);
  return 0;
}

async function list({ values, switches }: ParsedFlags, env: Env): Promise<number> {
  const { user, data } = values;
  const keys = await withStore({ data, env }, async (store) => {
    const userId = user === undefined ? null : (await findAccount(store, user)).id;
    return listApiKeys(store, userId, { afterId: 0, limit: listMax });
  });
  if (switches.has("json")) process.stdout.write(`${JSON.stringify(keys)}\n`);
  else if (keys.length === 0) process.stdout.write("no keys\n");
  else process.stdout.write(`${encodeTable(keys, columns).join("\n")}\n`);
  return 0;
}

async function revoke(text: string, { values }: ParsedFlags, env: Env): Promise<number> {
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id < 1) throw new ConfigError(`${text} is no id of a key`);
  const choice = { data: values["data"], env };
  const nowMs = Date.now();
  const row = await withStore(choice, (store) =>
    inTransaction(store, async (db) => {
      const row = await endApiKey(db, { id, userId: null, nowMs, isDeleted: false });
      if (row === null) throw new ConfigError(`there is no key ${id}`);
      await audit(db, { kind: "key_revoked", atMs: nowMs, userId: row.userId, keyId: id });
      return row;
    }),
  );
  await announceRevocation(choice, { keyIds: [id] });
  process.stdout.write(`key ${id} of user ${row.userId} is revoked\n`);
  return 0;
}

const time = (ms: number | null): string => (ms === null ? "-" : new Date(ms).toISOString());

const columns: readonly Column<ApiKeyRow>[] = [
  { title: "id", align: "right", cell: ({ id }) => String(id) },
  { title: "user", align: "right", cell: ({ userId }) => String(userId) },
  { title: "key", cell: ({ prefix }) => `rk_${prefix}_…` },
  { title: "name", widthMax: 32, cell: ({ name }) => name },
  { title: "scopes", widthMax: 48, cell: ({ scopes }) => scopes.join(",") },
  { title: "made", cell: ({ createdMs }) => time(createdMs) },
  { title: "used", cell: ({ lastUsedMs }) => time(lastUsedMs) },
  { title: "ends", cell: ({ expiresMs }) => time(expiresMs) },
  { title: "revoked", cell: ({ revokedMs }) => time(revokedMs) },
];

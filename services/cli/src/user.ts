import { Fault, type Revocation } from "@rookery/protocol";
import { ConfigError, type Env, readInteger } from "@rookery/runtime";
import {
  audit,
  endKeysOfUser,
  endSessions,
  findUser,
  inTransaction,
  listSessions,
  listUsers,
  setUserDisabled,
  type Store,
  type UserRow,
} from "@rookery/store";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { withStore } from "./database.ts";
import { announceRevocation } from "./revocation.ts";
import { type Column, encodeTable } from "./text-table.ts";
import { createUser } from "./user-creation.ts";

const limitDefault = 50;
const limitMax = 10_000;

export const user: Command = {
  name: "user",
  summary: "makes, lists, shows, disables and enables accounts",
  usage: [
    "Usage: rookery user create --email <address> | --username <name>  --password <password> [flags]",
    "       rookery user list [--after <id>] [--limit 50] [--json]",
    "       rookery user show <id, username or email> [--json]",
    "       rookery user disable|enable <id, username or email>",
    "",
    "  disable  nobody logs in to it any more; its sessions end and their sockets are closed, its API keys are revoked",
    "  enable   it can be logged in to again; keys have to be made anew",
    "",
    "  --email, --username  either or both",
    "  --password           8 to 72 bytes of UTF-8; `-` reads it from standard input, out of sight of others",
    "  --display-name       (the username)",
    "  --role               member, operator, service or admin (member)",
    "  --data               data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const names = ["email", "username", "password", "display-name", "role", "after", "limit", "data"];
    const flags = parseFlags(args, names, ["json"]);
    const [action, name, ...rest] = flags.positionals;
    try {
      if (action === "create" && name === undefined) await createUser(flags.values, env);
      else if (action === "list" && name === undefined) await list(flags, env);
      else if (name === undefined || rest.length > 0) throw new ConfigError(unclear);
      else if (action === "show") await show(name, flags, env);
      else if (action === "disable") await disable(name, flags, env);
      else if (action === "enable") await enable(name, flags, env);
      else throw new ConfigError(unclear);
      return 0;
    } catch (error) {
      // What a client would be told, an operator is told too: in one line.
      if (error instanceof Fault) throw new ConfigError(error.message, { cause: error });
      throw error;
    }
  },
};

const unclear = "say what to do: create, list, show, disable or enable";

/** @throws ConfigError when nobody is called so. */
export async function demandUser(store: Store, name: string): Promise<UserRow> {
  const found = await findUser(store, name);
  if (found === null) throw new ConfigError(`there is no user ${name}`);
  return found;
}

async function list({ values, switches }: ParsedFlags, env: Env): Promise<void> {
  const limit = readInteger({ "--limit": values["limit"] }, "--limit", {
    fallback: limitDefault,
    min: 1,
    max: limitMax,
  });
  const range = { fallback: 0, min: 0, max: Number.MAX_SAFE_INTEGER };
  const afterId = readInteger({ "--after": values["after"] }, "--after", range);
  const users = await withStore({ data: values["data"], env }, (store) =>
    listUsers(store, { afterId, limit }),
  );
  if (switches.has("json")) process.stdout.write(`${JSON.stringify(users)}\n`);
  else process.stdout.write(`${encodeTable(users, columns).join("\n")}\n`);
  if (users.length === limit) process.stderr.write(`… more may follow: --after ${users.at(-1)?.id}\n`);
}

async function show(name: string, { values, switches }: ParsedFlags, env: Env): Promise<void> {
  const { found, sessions } = await withStore({ data: values["data"], env }, async (store) => {
    const found = await demandUser(store, name);
    const page = { nowMs: Date.now(), beforeId: Number.MAX_SAFE_INTEGER, limit: limitMax };
    return { found, sessions: (await listSessions(store, found.id, page)).length };
  });
  if (switches.has("json")) {
    process.stdout.write(`${JSON.stringify({ ...found, sessions })}\n`);
    return;
  }
  const lines = [...columns, { title: "sessions", cell: () => String(sessions) }].map(({ title, cell }) => ({
    title,
    value: cell(found),
  }));
  const shown = encodeTable(lines, [
    { title: "user", cell: ({ title }) => title },
    { title: "", cell: ({ value }) => value },
  ]);
  process.stdout.write(`${shown.slice(1).join("\n")}\n`);
}

async function disable(name: string, { values }: ParsedFlags, env: Env): Promise<void> {
  const choice = { data: values["data"], env };
  const { found, ended } = await withStore(choice, async (store) => {
    const found = await demandUser(store, name);
    const nowMs = Date.now();
    const ended = await inTransaction(
      store,
      async (db): Promise<Required<Pick<Revocation, "sessionIds" | "keyIds">> | null> => {
        if (!(await setUserDisabled(db, found.id, nowMs))) return null;
        const sessionIds = await endSessions(db, found.id, null, { nowMs, reason: "disabled" });
        const keyIds = await endKeysOfUser(db, found.id, nowMs);
        const detail = { sessions: sessionIds.length, keys: keyIds.length };
        await audit(db, { kind: "user_disabled", atMs: nowMs, userId: found.id, detail });
        return { sessionIds, keyIds };
      },
    );
    return { found, ended };
  });
  if (ended === null) {
    process.stdout.write(`user ${found.id} is disabled already\n`);
    return;
  }
  await announceRevocation(choice, ended);
  const { sessionIds, keyIds } = ended;
  process.stdout.write(
    `user ${found.id} disabled; sessions ended: ${sessionIds.length}, keys revoked: ${keyIds.length}\n`,
  );
}

async function enable(name: string, { values }: ParsedFlags, env: Env): Promise<void> {
  const { found, isNews } = await withStore({ data: values["data"], env }, async (store) => {
    const found = await demandUser(store, name);
    const isNews = await inTransaction(store, async (db) => {
      const changed: boolean = await setUserDisabled(db, found.id, null);
      if (changed) await audit(db, { kind: "user_enabled", atMs: Date.now(), userId: found.id });
      return changed;
    });
    return { found, isNews };
  });
  process.stdout.write(`user ${found.id} ${isNews ? "enabled" : "is enabled already"}\n`);
}

const columns: readonly Column<UserRow>[] = [
  { title: "id", align: "right", cell: ({ id }) => String(id) },
  { title: "username", widthMax: 32, cell: ({ username }) => username ?? "-" },
  { title: "email", widthMax: 48, cell: ({ email }) => email ?? "-" },
  { title: "name", widthMax: 32, cell: ({ displayName }) => displayName },
  { title: "role", cell: ({ role, isBot }) => (isBot ? "bot" : role) },
  { title: "created", cell: ({ createdMs }) => timeOf(createdMs) },
  { title: "last seen", cell: ({ lastSeenMs }) => timeOf(lastSeenMs) },
  { title: "disabled", cell: ({ disabledMs }) => timeOf(disabledMs) },
];

function timeOf(ms: number | null): string {
  return ms === null ? "-" : new Date(ms).toISOString();
}

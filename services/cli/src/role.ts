import { roles } from "@rookery/auth";
import { ConfigError, type Env, readChoice } from "@rookery/runtime";
import { audit, inTransaction, listRoles, setRole } from "@rookery/store";
import { findAccount, inOneLine } from "./account.ts";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { withStore } from "./database.ts";
import { announceRevocation } from "./revocation.ts";
import { type Column, encodeTable } from "./text-table.ts";

export const role: Command = {
  name: "role",
  summary: "tells what roles permit, and gives them to users",
  usage: [
    "Usage: rookery role list [--json]",
    "       rookery role grant <role> --user <id, username or email>",
    "       rookery role revoke --user <id, username or email>",
    "",
    "  list     the roles, how many people have each, and what each permits",
    "  grant    gives a user a role in place of the one they have: member, operator, service or admin",
    "  revoke   makes them a member again",
    "",
    "  Edges that run hear of it at once, or find it within seconds. Tokens need no renewal.",
    "",
    "  --data   data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["user", "data"], ["json"]);
    const [action, ...rest] = flags.positionals;
    if (action === "list" && rest.length === 0) return inOneLine(() => list(flags, env));
    if (action === "grant" && rest.length === 1) return inOneLine(() => give(rest[0], flags, env));
    if (action === "revoke" && rest.length === 0) return inOneLine(() => give("member", flags, env));
    throw new ConfigError("say what to do: list, grant <role> --user …, or revoke --user …");
  },
};

async function list({ values, switches }: ParsedFlags, env: Env): Promise<number> {
  const found = await withStore({ data: values["data"], env }, listRoles);
  if (switches.has("json")) process.stdout.write(`${JSON.stringify(found)}\n`);
  else process.stdout.write(`${encodeTable(found, columns).join("\n")}\n`);
  return 0;
}

async function give(text: string | undefined, { values }: ParsedFlags, env: Env): Promise<number> {
  const wanted = readChoice({ role: text }, "role", roles, "member");
  const choice = { data: values["data"], env };
  const { name, version } = await withStore(choice, async (store) => {
    const { id, name } = await findAccount(store, values["user"]);
    const version = await inTransaction(store, async (db) => {
      const version = await setRole(db, id, wanted);
      const kind = wanted === "member" ? "role_revoked" : "role_granted";
      await audit(db, { kind, atMs: Date.now(), userId: id, detail: { role: wanted } });
      return version;
    });
    return { name, version };
  });
  if (version !== null) await announceRevocation(choice, { accessVersion: version });
  process.stdout.write(`${name} is ${wanted} now\n`);
  return 0;
}

type RoleRow = Awaited<ReturnType<typeof listRoles>>[number];

const columns: readonly Column<RoleRow>[] = [
  { title: "role", cell: ({ role }) => role },
  { title: "users", align: "right", cell: ({ users }) => String(users) },
  { title: "permits", cell: ({ permissions }) => permissions.join(" ") },
];

import { roles, scopeRefusal } from "@rookery/auth";
import { ConfigError, type Env, readChoice } from "@rookery/runtime";
import { audit, inTransaction, listRoles, setPermissions, setRole } from "@rookery/store";
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
    "       rookery role permissions <role> [--grant a:b,c:d] [--revoke e:f]",
    "",
    "  list     the roles, how many people have each, and what each permits",
    "  grant    gives a user a role in place of the one they have: member, operator, service or admin",
    "  revoke   makes them a member again",
    "  permissions",
    "           what a role permits, after it was given and taken what the flags name: resource:action, several by commas;",
    "           names that mean nothing here mean something to services that ask /v1/auth/check",
    "",
    "  Edges that run hear of it at once, or find it within seconds. Tokens need no renewal.",
    "",
    "  --data   data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["user", "grant", "revoke", "data"], ["json"]);
    const [action, ...rest] = flags.positionals;
    if (action === "list" && rest.length === 0) return inOneLine(() => list(flags, env));
    if (action === "grant" && rest.length === 1) return inOneLine(() => give(rest[0], flags, env));
    if (action === "revoke" && rest.length === 0) return inOneLine(() => give("member", flags, env));
    if (action === "permissions" && rest.length === 1) return inOneLine(() => change(rest[0], flags, env));
    throw new ConfigError(
      "say what to do: list, permissions <role>, grant <role> --user …, or revoke --user …",
    );
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

/** Changes what a role permits, and tells it. What was so already is no error. */
async function change(text: string | undefined, { values }: ParsedFlags, env: Env): Promise<number> {
  const role = readChoice({ role: text }, "role", roles, "member");
  const [grant, revoke] = [readPermissions(values["grant"]), readPermissions(values["revoke"])];
  if (role === "admin" && (grant.length > 0 || revoke.length > 0)) {
    throw new ConfigError("an admin may do everything, and that cannot be changed");
  }
  const choice = { data: values["data"], env };
  const { version, permits } = await withStore(choice, (store) =>
    inTransaction(store, async (db) => {
      const version = await setPermissions(db, role, { grant, revoke });
      if (version !== null) {
        const detail = { role, granted: grant.join(" "), revoked: revoke.join(" ") };
        await audit(db, { kind: "role_changed", atMs: Date.now(), userId: null, detail });
      }
      const permits = (await listRoles(db)).find((each) => each.role === role)?.permissions ?? [];
      return { version, permits };
    }),
  );
  if (version !== null) await announceRevocation(choice, { accessVersion: version });
  process.stdout.write(`${role} permits ${permits.join(" ")}\n`);
  return 0;
}

function readPermissions(text = ""): string[] {
  const names = text.split(/[,\s]+/).filter((name) => name !== "");
  for (const name of names) {
    const isExact = scopeRefusal(name) === undefined && /^[^*:]+:[^*:]+$/.test(name);
    if (!isExact) throw new ConfigError(`${name} is no permission: it must be resource:action`);
  }
  return names;
}

type RoleRow = Awaited<ReturnType<typeof listRoles>>[number];

const columns: readonly Column<RoleRow>[] = [
  { title: "role", cell: ({ role }) => role },
  { title: "users", align: "right", cell: ({ users }) => String(users) },
  { title: "permits", cell: ({ permissions }) => permissions.join(" ") },
];

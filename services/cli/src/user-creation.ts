import { text as readAll } from "node:stream/consumers";
import { displayNameRefusal, emailRefusal, openPasswords, usernameRefusal } from "@rookery/auth";
import { ConfigError, type Env, readChoice } from "@rookery/runtime";
import { audit, inTransaction, insertUser } from "@rookery/store";
import { withStore } from "./database.ts";

/** `rookery user create`. @throws ConfigError, and Fault as the database refuses. */
export async function createUser(values: Readonly<Record<string, string>>, env: Env): Promise<void> {
  const { email = null, username = null } = values;
  if (email === null && username === null) throw new ConfigError("give --email, --username or both");
  const role = readChoice(
    { "--role": values["role"] },
    "--role",
    ["member", "operator", "service", "admin"],
    "member",
  );
  const displayName = values["display-name"] ?? username ?? "New user";
  refuse("--email", email, emailRefusal);
  refuse("--username", username, usernameRefusal);
  refuse("--display-name", displayName, displayNameRefusal);
  const passwordHash = await openPasswords().hash(await readPassword(values["password"]));
  const made = await withStore({ data: values["data"], env }, (store) =>
    inTransaction(store, async (db) => {
      const nowMs = Date.now();
      const person = { email, username, displayName, passwordHash, role, isBot: false, createdMs: nowMs };
      const made = await insertUser(db, person);
      await audit(db, { kind: "user_created", atMs: nowMs, userId: made.id, detail: { role } });
      return made;
    }),
  );
  process.stdout.write(`user ${made.id} created: ${username ?? email} (${role})\n`);
}

function refuse(flag: string, text: string | null, refusalOf: (text: string) => string | undefined): void {
  const refusal = text === null ? undefined : refusalOf(text);
  if (refusal !== undefined) throw new ConfigError(`${flag} ${refusal}`);
}

async function readPassword(flag: string | undefined): Promise<string> {
  if (flag === undefined)
    throw new ConfigError("give --password, or `--password -` and the password on standard input");
  if (flag !== "-") return flag;
  return (await readAll(process.stdin)).replace(/\r?\n$/, "");
}

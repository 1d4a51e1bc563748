import { text as readAll } from "node:stream/consumers";
import { displayNameRefusal, emailRefusal, openPasswords, usernameRefusal } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import { ConfigError, readChoice } from "@rookery/runtime";
import { insertUser } from "@rookery/store";
import { type Command, parseFlags } from "./command.ts";
import { withStore } from "./database.ts";

export const user: Command = {
  name: "user",
  summary: "makes an account",
  usage: [
    "Usage: rookery user create --email <address> | --username <name>  --password <password> [flags]",
    "",
    "  --email, --username  either or both",
    "  --password           8 to 72 bytes of UTF-8; `-` reads it from standard input, out of sight of others",
    "  --display-name       (the username)",
    "  --role               member or admin (member)",
    "  --data               data folder whose private database is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const { values, positionals } = parseFlags(args, [
      "email",
      "username",
      "password",
      "display-name",
      "role",
      "data",
    ]);
    if (positionals.length !== 1 || positionals[0] !== "create")
      throw new ConfigError("say what to do: create");
    const { email = null, username = null } = values;
    if (email === null && username === null) throw new ConfigError("give --email, --username or both");
    const role = readChoice({ "--role": values["role"] }, "--role", ["member", "admin"], "member");
    const displayName = values["display-name"] ?? username ?? "New user";
    refuse("--email", email, emailRefusal);
    refuse("--username", username, usernameRefusal);
    refuse("--display-name", displayName, displayNameRefusal);
    try {
      const passwordHash = await openPasswords().hash(await readPassword(values["password"]));
      const made = await withStore({ data: values["data"], env }, (store) =>
        insertUser(store, {
          email,
          username,
          displayName,
          passwordHash,
          role,
          isBot: false,
          createdMs: Date.now(),
        }),
      );
      process.stdout.write(`user ${made.id} created: ${username ?? email} (${role})\n`);
      return 0;
    } catch (error) {
      // What a client would be told, an operator is told too: in one line.
      if (error instanceof Fault) throw new ConfigError(error.message, { cause: error });
      throw error;
    }
  },
};

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

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { addSigningKey } from "@rookery/auth";
import { ConfigError, type Env } from "@rookery/runtime";
import {
  audit,
  endSession,
  endSessions,
  inTransaction,
  listSessions,
  readSessionUser,
  type SessionRow,
} from "@rookery/store";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { keyFiles } from "./data-folder.ts";
import { withStore } from "./database.ts";
import { announceRevocation } from "./revocation.ts";
import { type Column, encodeTable } from "./text-table.ts";
import { demandUser } from "./user.ts";

/** A user has at most a hundred. */
const listMax = 1_000;

export const session: Command = {
  name: "session",
  summary: "lists and revokes logins; changes the key that signs their tokens",
  usage: [
    "Usage: rookery session list --user <id, username or email> [--json]",
    "       rookery session revoke <id>… | --user <id, username or email>",
    "       rookery session rotate-key [--forget]",
    "",
    "  revoke      ends them; their sockets are closed on every edge within a second, their tokens are worthless",
    "  rotate-key  a new key signs access tokens from now on, the one before it still verifies what it signed. Edges take",
    "              it up within seconds, without a restart. --forget takes the old keys out at once: everybody refreshes",
    "",
    "  --data      data folder that is meant when DATABASE_URL or JWT_PRIVATE_KEY_FILE is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["user", "data"], ["forget", "json"]);
    const [action, ...ids] = flags.positionals;
    if (action === "list" && ids.length === 0) return await list(flags, env);
    if (action === "revoke") return await revoke(ids, flags, env);
    if (action === "rotate-key" && ids.length === 0) return await rotateKey(flags, env);
    throw new ConfigError("say what to do: list --user …, revoke <id>… | --user …, or rotate-key");
  },
};

async function list({ values, switches }: ParsedFlags, env: Env): Promise<number> {
  const name = values["user"];
  if (name === undefined) throw new ConfigError("whose? Give --user");
  const sessions = await withStore({ data: values["data"], env }, async (store) => {
    const { id } = await demandUser(store, name);
    const page = { nowMs: Date.now(), beforeId: Number.MAX_SAFE_INTEGER, limit: listMax };
    return await listSessions(store, id, page);
  });
  if (switches.has("json")) process.stdout.write(`${JSON.stringify(sessions)}\n`);
  else if (sessions.length === 0) process.stdout.write("no sessions\n");
  else process.stdout.write(`${encodeTable(sessions, columns).join("\n")}\n`);
  return 0;
}

/** @returns 1 when there was no such session, or it had ended. */
async function revoke(texts: readonly string[], { values }: ParsedFlags, env: Env): Promise<number> {
  const name = values["user"];
  if ((name === undefined) === (texts.length === 0))
    throw new ConfigError("revoke what? Give ids, or --user");
  const ids = texts.map((text) => {
    const id = Number(text);
    if (!Number.isSafeInteger(id) || id < 1) throw new ConfigError(`${text} is no id of a session`);
    return id;
  });
  const choice = { data: values["data"], env };
  const end = { nowMs: Date.now(), reason: "revoked" } as const;
  const ended = await withStore(choice, async (store) => {
    if (name !== undefined) {
      const { id: userId } = await demandUser(store, name);
      return await inTransaction(store, async (db) => {
        const all = await endSessions(db, userId, null, end);
        const detail = { reason: "operator", count: all.length };
        await audit(db, { kind: "sessions_revoked", atMs: end.nowMs, userId, detail });
        return all;
      });
    }
    const done: number[] = [];
    for (const id of ids) {
      await inTransaction(store, async (db) => {
        const userId = await readSessionUser(db, id);
        if (userId === null || !(await endSession(db, userId, id, end))) return;
        const detail = { reason: "operator" };
        await audit(db, { kind: "session_revoked", atMs: end.nowMs, userId, sessionId: id, detail });
        done.push(id);
      });
    }
    return done;
  });
  if (ended.length > 0) await announceRevocation(choice, { sessionIds: ended });
  process.stdout.write(ended.length === 0 ? "none was ended\n" : `ended: ${ended.join(", ")}\n`);
  return ended.length < ids.length ? 1 : 0;
}

async function rotateKey({ values, switches }: ParsedFlags, env: Env): Promise<number> {
  const { jwtPrivateKeyFile: file } = keyFiles(values["data"], env);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new ConfigError(`${file} cannot be read: the cluster makes it at its first start`, {
      cause: error,
    });
  });
  const forget = switches.has("forget");
  const { text: next, kid, keptKid } = await addSigningKey(text, { forget });
  await withStore({ data: values["data"], env }, async (store) => {
    // Whole or not at all: edges read it at any moment.
    const temporary = `${file}.${process.pid}.new`;
    try {
      await writeFile(temporary, next, { mode: 0o600, flush: true });
      await rename(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
    const detail = { kid, keptKid };
    await audit(store, { kind: "signing_key_rotated", atMs: Date.now(), userId: null, detail });
  });
  process.stdout.write(
    `${kid} signs from now on; ${keptKid === null ? "no other key" : keptKid} still verifies\n`,
  );
  return 0;
}

const columns: readonly Column<SessionRow>[] = [
  { title: "id", align: "right", cell: ({ id }) => String(id) },
  { title: "opened", cell: ({ createdMs }) => new Date(createdMs).toISOString() },
  { title: "last used", cell: ({ usedMs }) => new Date(usedMs).toISOString() },
  { title: "address", widthMax: 46, cell: ({ address }) => address ?? "-" },
  { title: "device", widthMax: 32, cell: ({ device }) => device ?? "-" },
  { title: "agent", widthMax: 48, cell: ({ userAgent }) => userAgent ?? "-" },
];

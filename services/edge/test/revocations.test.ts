import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { BusMessage } from "@rookery/bus";
import { openTestDatabase, until } from "@rookery/kit";
import type { Revocation } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { endApiKey, insertApiKey, insertUser, openStore, setRole } from "@rookery/store";
import { concerns, openRevocations, type Revocations } from "../src/revocations.ts";
import type { Session } from "../src/socket/connection.ts";

type Seen = Pick<Session, "userId" | "principal">;

const log = openLog("test", { LOG_LEVEL: "silent" });
const database = await openTestDatabase();
const store = openStore({ url: database.url, name: "revocations test", connectionsMax: 2, log });
after(async () => {
  await store.end();
  await database.close();
});

function session(userId: number, by: { readonly sessionId?: number; readonly keyId?: number }): Seen {
  const { sessionId = null, keyId = null } = by;
  const principal = { userId, sessionId, keyId, roles: [], scopes: null, rateLimit: null, expiresMs: 1 };
  return { userId, principal };
}

/** Edges on one bus that loses nothing, or everything. */
function openEdges(count: number, bus: { isDeaf: boolean }) {
  const listeners: ((message: BusMessage) => void)[] = [];
  return Array.from({ length: count }, () => {
    const sockets = new Set<Seen>();
    const edge = {
      sockets,
      ended: [] as number[],
      forgotten: [] as number[],
      heard: [] as number[],
      version: 1,
      changes: 0,
    };
    const revocations: Revocations = openRevocations({
      bus: {
        publish: (subject, bytes) => {
          if (bus.isDeaf) return;
          for (const tell of listeners) tell({ subject, bytes, respond: () => {} });
        },
        subscribe: (_subject, listener) => {
          listeners.push(listener);
          return { close: () => void listeners.splice(listeners.indexOf(listener), 1) };
        },
      },
      store,
      keys: { forget: (ids) => void edge.forgotten.push(...ids) },
      access: {
        learn: (version) => {
          if (version <= edge.version) return false;
          edge.version = version;
          return true;
        },
      },
      onRevoked: ({ sessionIds = [] }) => void edge.heard.push(...sessionIds),
      sockets: () => ({
        endWhere: (holds, code) => {
          const ending = [...sockets].filter((each) => holds(each as Session));
          for (const each of ending) {
            sockets.delete(each);
            edge.ended.push(code);
          }
          return ending.length;
        },
      }),
      rightsChanged: () => void edge.changes++,
      now: Date.now,
      log,
    });
    return Object.assign(edge, { revocations });
  });
}

test("[A3] a revocation concerns the sockets of its sessions and keys, and no others", () => {
  const [byLogin, byKey, other] = [
    session(1, { sessionId: 5 }),
    session(1, { keyId: 5 }),
    session(2, { sessionId: 6 }),
  ];
  const told = (revocation: Revocation) => [byLogin, byKey, other].map(concerns(revocation));
  assert.deepEqual(told({ sessionIds: [5] }), [true, false, false]);
  assert.deepEqual(told({ keyIds: [5] }), [false, true, false]);
  assert.deepEqual(told({}), [false, false, false]);
});

test("[A3] what is announced ends sockets here and, by its subject, on all other edges, with 4401", () => {
  const edges = openEdges(2, { isDeaf: false });
  for (const { sockets } of edges) {
    sockets.add(session(1, { sessionId: 5 }));
    sockets.add(session(1, { keyId: 5 }));
  }
  edges[0]?.revocations.announce({ sessionIds: [5] });
  for (const { ended, heard, sockets } of edges) {
    assert.deepEqual(ended, [4401]);
    assert.ok(heard.includes(5));
    assert.equal(sockets.size, 1);
  }
  for (const edge of edges) edge.revocations.close();
});

test("[A4] an edge that misses the word reads from Postgres which keys and rights are no more", async () => {
  const [edge] = openEdges(1, { isDeaf: true });
  assert.ok(edge !== undefined);
  const user = await insertUser(store, {
    username: "ann",
    email: null,
    displayName: "Ann",
    passwordHash: null,
    role: "member",
    isBot: false,
    createdMs: 1,
  });
  const { row } = await insertApiKey(store, {
    userId: user.id,
    prefix: "abcdefghijkm",
    digest: "none",
    name: "bot",
    scopes: [],
    rateLimit: null,
    createdMs: 1,
    expiresMs: null,
    requestUuid: null,
  });
  edge.sockets.add(session(user.id, { keyId: row.id }));
  edge.sockets.add(session(user.id, { sessionId: row.id }));
  await endApiKey(store, { id: row.id, userId: user.id, nowMs: Date.now(), isDeleted: true });
  await setRole(store, user.id, "operator");
  await until(() => edge.ended.length > 0 && edge.changes > 0, { withinMs: 5_000 });
  assert.deepEqual(edge.ended, [4401]);
  assert.equal(edge.sockets.size, 1);
  assert.ok(edge.forgotten.includes(row.id));
  assert.equal(edge.changes, 1, "a version is news once");
  edge.revocations.close();
});

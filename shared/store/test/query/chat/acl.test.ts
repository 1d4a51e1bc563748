/** What may be read by the rule of `rightsIn` is what the queries give, in every case there is. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import { rightsIn } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import {
  chatRevsOf,
  listChats,
  memberHeads,
  openStore,
  readChat,
  readRights,
  toldChatsOfUsers,
} from "../../../src/mod.ts";

const database = await openTestDatabase();
const log = openLog("test", { LOG_LEVEL: "silent" });
const store = openStore({ url: database.url, name: "acl test", connectionsMax: 2, log });
after(async () => {
  await store.end();
  await database.close();
});

const userId = 7;
const keyId = 9;
const roles = ["owner", "admin", "member", "reader", null] as const;
const words = [true, false, null, undefined] as const;

test("[A6] lists, heads and rights agree with the rule, for every role, entry and key", async () => {
  let chatId = 0;
  for (const role of roles) {
    for (const ofUser of words) {
      for (const ofKey of words) {
        chatId += 1;
        await store.query(
          "insert into chat (id, type, rev, created_by, created_ms) values ($1, 'group', 1, 1, 1)",
          [chatId],
        );
        if (role !== null) {
          await store.query(
            "insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev) values ($1, $2, $3, 0, 1, 1)",
            [chatId, userId, role],
          );
        }
        for (const [subject, canRead] of [
          [`user:${userId}`, ofUser],
          [`key:${keyId}`, ofKey],
        ] as const) {
          if (canRead === undefined) continue;
          await store.query(
            `insert into chat_acl (chat_id, subject, can_read, can_send, since_seq, rev, changed_ms)
             values ($1, $2, $3, $3, 0, 1, 1)`,
            [chatId, subject, canRead],
          );
        }
        for (const key of [keyId, null]) {
          const entry = (canRead: boolean | null | undefined) =>
            canRead === undefined ? undefined : { canRead, canSend: canRead, canManage: null };
          const expected = rightsIn("group", role, {
            ofUser: entry(ofUser),
            ofKey: key === null ? undefined : entry(ofKey),
          });
          const name = `${role}, user ${ofUser}, key ${key === null ? "unused" : ofKey}`;
          const found = await readRights(store, chatId, { userId, keyId: key });
          assert.deepEqual(found, { ...expected, isMember: role !== null }, name);
          const reads = (rows: readonly { id: number }[]) => rows.some(({ id }) => id === chatId);
          const heads = await memberHeads(store, userId, [chatId], key);
          assert.equal(reads(heads), expected.canRead, name);
          const isListed = role !== null && expected.canRead;
          assert.equal(reads(await chatRevsOf(store, userId, key)), isListed, name);
          if (key === null) {
            const [told] = await toldChatsOfUsers(store, [userId]);
            assert.equal(reads(told?.chats ?? []), isListed, name);
          }
          const page = { after: chatId - 1, limit: 1 };
          assert.equal(reads(await listChats(store, userId, page, key)), isListed, name);
          assert.equal((await readChat(store, userId, chatId, key)) !== null, isListed, name);
        }
      }
    }
  }
  assert.equal(await readRights(store, 999, { userId, keyId: null }), null);
});

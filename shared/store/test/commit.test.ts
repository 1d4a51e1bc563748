import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  type ChatRow,
  type CommandName,
  commit,
  type Fence,
  inTransaction,
  isRefusal,
  type Row,
} from "../src/mod.ts";
import { tableNames } from "../src/table.ts";
import {
  changeRow,
  fenceOf,
  logId,
  messageChangeRow,
  messageRow,
  nowMs,
  openTestCluster,
  seqsOf,
  shardRow,
} from "./cluster.ts";

const store = await openTestCluster(6);

beforeEach(async () => {
  await store.query("truncate chat, message, change, relay, outcome, dead_letter");
  await store.query(
    `update shard set epoch = 1, log_id = $1, applied_seq = 0, applied_msg_id = null, applied_ms = null,
       commit_id = 0, deaths = 0, suspect = null`,
    [logId],
  );
});

test("every table that actors write has a statement that Postgres understands", async () => {
  for (const table of tableNames) {
    const rows = [{ table, row: {} }] as unknown as Row[];
    // No shard is held, so nothing of it is written.
    assert.deepEqual(await commit(store, [], [{ shard: 1, rows }]), new Set(), table);
  }
});

test("[L2] a commit writes its rows and moves its shard's offset, mark and commit id together", async () => {
  const done = await commit(
    store,
    [fenceOf(2), fenceOf(3, { toSeq: 12, toMsgId: null })],
    [{ shard: 2, rows: [messageRow(20, 1), messageRow(20, 2)] }],
  );
  assert.deepEqual(done, new Set([2, 3]));
  assert.deepEqual(await seqsOf(store, 20), [1, 2]);
  const { appliedSeq, appliedMsgId, appliedMs, commitId, epoch } = await shardRow(store, 2);
  assert.deepEqual([appliedSeq, appliedMsgId, appliedMs, commitId, epoch], [10, "m-10", nowMs, 1, 1]);
  const other = await shardRow(store, 3);
  assert.deepEqual([other.appliedSeq, other.appliedMsgId], [12, null]);
  assert.equal((await shardRow(store, 1)).appliedSeq, 0, "shards that are not in it stay where they are");
});

const broken: readonly (readonly [string, Partial<Fence>])[] = [
  ["another epoch", { epoch: 2 }],
  ["an epoch that is over", { epoch: 0 }],
  ["an offset that is over", { fromSeq: -1 }],
  ["an offset not reached", { fromSeq: 5, toSeq: 11 }],
  ["another log", { logId: "log-2" }],
  ["a commit done before", { commitId: 0 }],
  ["facts that are over", { factVersion: 0 }],
];

for (const [what, changes] of broken) {
  test(`[L2] a fence with ${what} writes nothing of its shard, and all of the others in the same statement`, async () => {
    const before = await shardRow(store, 1);
    const done = await commit(
      store,
      [fenceOf(0), fenceOf(1, changes), fenceOf(2)],
      [0, 1, 2].map((shard) => ({
        shard,
        rows: [messageRow(10 + shard, 1), changeRow(10 + shard, 1), deadLetterRow(shard)],
      })),
    );
    assert.deepEqual(done, new Set([0, 2]));
    assert.deepEqual(await Promise.all([10, 11, 12].map((id) => seqsOf(store, id))), [[1], [], [1]]);
    for (const table of ["change", "dead_letter"]) {
      const { rows } = await store.query<{ count: number }>(`select count(*) as count from ${table}`);
      assert.equal(rows[0]?.count, 2, table);
    }
    assert.deepEqual(await shardRow(store, 1), before);
  });
}

test("[L2] a row goes with its own shard's fence, whatever chat it is of", async () => {
  const done = await commit(
    store,
    [fenceOf(0, { epoch: 9 }), fenceOf(1)],
    [
      { shard: 0, rows: [messageRow(5, 1)] },
      { shard: 1, rows: [messageRow(5, 2)] },
      { shard: 4, rows: [messageRow(5, 3)] },
    ],
  );
  assert.deepEqual(done, new Set([1]));
  assert.deepEqual(await seqsOf(store, 5), [2], "nor are rows of a shard without a fence written");
});

test("[L2] the identical commit again changes nothing and reports nothing", async () => {
  const rows = [messageRow(5, 1), changeRow(5, 1), deadLetterRow(0)];
  const again = () => commit(store, [fenceOf(0)], [{ shard: 0, rows }]);
  assert.deepEqual(await again(), new Set([0]));
  const after = await shardRow(store, 0);
  for (let time = 0; time < 3; time += 1) assert.deepEqual(await again(), new Set());
  assert.deepEqual(await shardRow(store, 0), after);
  const { rows: letters } = await store.query("select from dead_letter");
  assert.equal(letters.length, 1);
});

test("[L2] also where the offset does not move, an older commit that comes late writes nothing", async () => {
  const parts = [1, 2, 3].map(
    (commitId) =>
      [fenceOf(0, { toSeq: 0, commitId }), { shard: 0, rows: [chatRow(5, commitId)] as Row[] }] as const,
  );
  for (const [fence, rows] of parts) assert.deepEqual(await commit(store, [fence], [rows]), new Set([0]));
  for (const [fence, rows] of parts) assert.deepEqual(await commit(store, [fence], [rows]), new Set());
  const { rows } = await store.query<{ rev: number }>("select rev from chat where id = 5");
  assert.deepEqual(rows, [{ rev: 3 }]);
});

test("[L6] where the offset does not move, the mark of the message there stays", async () => {
  await commit(store, [fenceOf(0)], []);
  const part = fenceOf(0, { fromSeq: 10, toSeq: 10, commitId: 2, toMsgId: "m-11", toMs: nowMs + 5 });
  assert.deepEqual(await commit(store, [part], []), new Set([0]));
  const { appliedSeq, appliedMsgId, appliedMs, commitId } = await shardRow(store, 0);
  assert.deepEqual([appliedSeq, appliedMsgId, appliedMs, commitId], [10, "m-10", nowMs, 2]);
});

test("[L3] a shard where something decided as new was done before writes nothing, the others do", async () => {
  await commit(
    store,
    [fenceOf(0)],
    [{ shard: 0, rows: [messageRow(5, 1, { senderId: 7, uuid: "said" }), ...outcomes] }],
  );
  const name = (actor: string, uuid: string, senderId = 7): CommandName => {
    const [kind, id] = actor.split(":");
    return { actor, chatId: kind === "chat" ? Number(id) : null, senderId, uuid };
  };
  const later = fenceOf(0, { fromSeq: 10, toSeq: 11, commitId: 2 });
  for (const [index, known] of [
    name("chat:5", "said"),
    name("chat:5", "edited"),
    name("bot:9", "noted"),
  ].entries()) {
    const parts = [
      { shard: 0, rows: [messageRow(6, 1)], names: [name("chat:6", "new"), known] },
      { shard: index + 1, rows: [messageRow(20 + index, 1)], names: [name("chat:20", "new")] },
    ];
    const done = await commit(store, [later, fenceOf(index + 1)], parts);
    assert.deepEqual(done, new Set([index + 1]), JSON.stringify(known));
  }
  assert.deepEqual(await seqsOf(store, 6), []);
  // Another's, elsewhere, or of an actor that keeps no messages: other commands.
  const names = [
    name("chat:5", "said", 8),
    name("chat:6", "said"),
    name("bot:5", "said"),
    name("bot:5", "edited"),
  ];
  assert.deepEqual(
    await commit(store, [later], [{ shard: 0, rows: [messageRow(6, 1)], names }]),
    new Set([0]),
  );
  assert.deepEqual(await seqsOf(store, 6), [1]);
});

test("the last of a key wins in a batch, and over what is there", async () => {
  await commit(store, [fenceOf(0)], [{ shard: 0, rows: [chatRow(5, 1), messageRow(5, 1)] }]);
  const [lost, edited] = ["lost", "edited"].map((body) => messageChangeRow(5, 1, { body, rev: 1 }));
  assert.ok(lost !== undefined && edited !== undefined);
  const rows = [
    chatRow(5, 7),
    messageRow(5, 2),
    lost,
    edited,
    messageChangeRow(5, 2, { body: "new", rev: 2 }),
    chatRow(5, 2),
  ];
  await commit(store, [fenceOf(0, { fromSeq: 10, toSeq: 11, commitId: 2 })], [{ shard: 0, rows }]);
  const { rows: chats } = await store.query("select id, rev from chat");
  assert.deepEqual(chats, [{ id: 5, rev: 2 }]);
  const { rows: messages } = await store.query("select seq, body, rev from message order by seq");
  assert.deepEqual(messages, [
    { seq: 1, body: "edited", rev: 1 },
    { seq: 2, body: "new", rev: 2 },
  ]);
});

const refusals: readonly (readonly [string, Row, RegExp])[] = [
  ["U+0000 in a body", messageRow(6, 1, { body: "a\0b" }), /^22/],
  ["half a character", messageRow(6, 1, { body: "\ud800" }), /^22/],
  ["U+0000 deep in a detail", messageRow(6, 1, { detail: { forward: "\0" as never } }), /^22/],
  ["a number that is none", messageRow(6, 1.5), /^22/],
  ["nothing where something must be", messageRow(6, 1, { body: null as never }), /^23502/],
  ["a type no chat has", chatRow(6, 1, { type: "salon" as never }), /^23514/],
  ["a change that is there", changeRow(5, 1), /^23505/],
  ["a uuid that is there", messageRow(5, 9, { uuid: "u-1" }), /^23505/],
  ["a new message where one is", messageRow(5, 1, { uuid: "other" }), /^23505/],
  ["a new message where the same commit has one", messageRow(5, 2, { uuid: "other" }), /^23505/],
];

for (const [what, row, code] of refusals) {
  test(`[L8] ${what} is refused, and leaves nothing of the whole statement`, async () => {
    await commit(store, [fenceOf(0)], [{ shard: 0, rows: [messageRow(5, 1), changeRow(5, 1)] }]);
    const before = await Promise.all([0, 1].map((id) => shardRow(store, id)));
    await assert.rejects(
      commit(
        store,
        [fenceOf(0, { fromSeq: 10, toSeq: 11, commitId: 2 }), fenceOf(1)],
        [
          { shard: 0, rows: [messageRow(5, 2), row] },
          { shard: 1, rows: [messageRow(7, 1)] },
        ],
      ),
      (error) => {
        assert.ok(isRefusal(error), String(error));
        assert.match(String(Reflect.get(error as object, "code")), code);
        return true;
      },
    );
    assert.deepEqual(await Promise.all([0, 1].map((id) => shardRow(store, id))), before);
    assert.deepEqual(await seqsOf(store, 5), [1]);
    assert.deepEqual(await seqsOf(store, 7), []);
  });
}

test("a statement that was planned while its tables were empty reads none of them whole", async () => {
  await store.query("analyze message, outcome");
  await inTransaction(store, async (db) => {
    // The plan is kept from the sixth time on.
    for (let commitId = 1; commitId <= 10; commitId += 1) {
      const fence = fenceOf(0, { fromSeq: commitId - 1, toSeq: commitId, commitId });
      await commit(db, [fence], [{ shard: 0, rows: [messageRow(5, commitId)] }]);
    }
    const { rows: prepared } = await db.query<{ name: string; generic: number }>(
      "select name, generic_plans as generic from pg_prepared_statements where name like 'commit %'",
    );
    const name = prepared.find(({ generic }) => generic > 0)?.name;
    const { rows: plan } = await db.query(`explain execute "${name}" ('[]', '[]', '[]')`);
    assert.match(JSON.stringify(plan), /Index .{0,9}Scan using \w+ on outcome/);
    assert.doesNotMatch(JSON.stringify(plan), /Seq Scan on (message|outcome)/);
  });
});

test("statements over different tables have different names, short enough for Postgres", async () => {
  const names = new Set<string>();
  const tables = [messageRow(5, 1), changeRow(5, 1), chatRow(5, 1), deadLetterRow(0), relayDone, feed];
  for (let bits = 0; bits < 2 ** tables.length; bits += 1) {
    const rows = tables.filter((_, index) => (bits & (1 << index)) !== 0);
    const query = ({ name }: { name: string }) => {
      names.add(name);
      return Promise.resolve({ rows: [] });
    };
    await commit({ query } as never, [fenceOf(0)], [{ shard: 0, rows }]);
  }
  assert.equal(names.size, 2 ** tables.length);
  for (const name of names) assert.ok(Buffer.byteLength(name) <= 63, name);
});

const outcomes = ["chat:5 edited", "bot:9 noted"].map((each): Row => {
  const [actor = "", uuid = ""] = each.split(" ");
  const outcome = { kind: "noted" } as const;
  return { table: "outcome", row: { actor, senderId: 7, uuid, outcome, decidedMs: nowMs } };
});
const relayDone: Row = { table: "relayDone", row: { id: "r" } };
const feed: Row = { table: "userFeed", row: { userId: 1, rev: 1 } };

function chatRow(id: number, rev: number, changes: Partial<ChatRow> = {}): Row {
  const row: ChatRow = {
    id,
    type: "group",
    title: null,
    rev,
    createdBy: 1,
    createdMs: nowMs,
    deletedMs: null,
    telegram: null,
  };
  return { table: "chat", row: { ...row, ...changes } };
}

function deadLetterRow(shard: number): Row {
  const command = { shard, seq: 3, actor: "chat:5", senderId: 1, uuid: "u", command: "{}" };
  return { table: "deadLetter", row: { ...command, reason: "why", parkedMs: nowMs } };
}

/** Native bots and what there is for them, for tests of what their courier does. */
import { inTransaction, insertNativeBot, type Store } from "@rookery/store";

let bots = 0;

/** A bot of our own in place of the one that was made. */
export async function makeNative(store: Store, id: number): Promise<number> {
  const sealed = { keyId: "k", box: Buffer.from("box") };
  await store.query("delete from bot where id = $1", [id]);
  await inTransaction(store, (db) =>
    insertNativeBot(db, {
      id,
      ownerId: id,
      username: `native_${++bots}`,
      token: sealed,
      tokenDigest: Buffer.from(`token ${id}`),
      secret: sealed,
      secretDigest: Buffer.alloc(32),
      requestUuid: null,
      createdMs: 1,
    }),
  );
  return id;
}

/** Messages in a chat, as its commit leaves them. */
export async function writeUpdates(
  store: Store,
  to: { readonly botId: number; readonly chatId: number },
  ...bodies: readonly string[]
): Promise<void> {
  const { botId, chatId } = to;
  for (const body of bodies) {
    const message = { seq: 1, senderId: botId, ts: 1, kind: "text", body, entities: [], attachments: [] };
    const whole = { ...message, forward: null, editedAt: null, replyTo: null };
    const news = { kind: "message", message: whole };
    const payload = { chat: { id: chatId, type: "group", title: "t" }, atMs: 1, news };
    await store.query(
      `insert into bot_update (bot_id, type, chat_id, place, queue, payload, created_ms, expires_ms)
       values ($1, 'message', $2, (select count(*) from bot_update), $5, $3, 1, $4)`,
      [botId, chatId, JSON.stringify(payload), Date.now() + 60_000, `chat:${chatId}`],
    );
  }
}

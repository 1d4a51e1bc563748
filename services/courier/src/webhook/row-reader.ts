/**
 * Reads what only word has come of: rows by id, the lines of chats of endpoints that keep the order, and bodies. One reading of each at a
 * time, for all that ask meanwhile, so that a crowd of words is a few queries and leaves connections for results.
 *
 *   word of a chat ──its line is empty──▶ read: a beginning of the line ──all of it is done──▶ read again, if there was word or more
 *
 * A line is read from its rows and not built of words, for a word may be lost, and the one before it must not be passed over.
 */
import type { Log } from "@rookery/runtime";
import { openDeliveriesById, openDeliveriesOfLines, readPayloads, type Store } from "@rookery/store";
import type { Desk } from "./desk.ts";

/** Of one chat in memory. */
export const perChatMax = 200;
/** Of one query; what is beyond goes with the next. */
const linesMax = 500;
const idsMax = 1_000;
/** Asked for by id at once; beyond it the next look at the rows finds them. */
const askedMax = 20_000;
/** Bodies that came with word of a delivery that waits in a line. */
const bodiesMax = 2_000;

interface Line {
  readonly desk: Desk;
  readonly chatId: number | null;
}

export interface RowReader {
  /** There is something of a chat; `body`, where it came along, spares reading it. */
  readLine(
    desk: Desk,
    chatId: number | null,
    body: { readonly id: string; readonly payload: string | null },
  ): void;
  /** One of a chat is done. */
  settled(desk: Desk, chatId: number | null): void;
  readRow(desk: Desk, id: string): void;
  /** Undefined: it is not kept any more. @throws when Postgres cannot be asked */
  payloadOf(id: string): Promise<string | undefined>;
}

export function openRowReader(parts: {
  readonly store: Store;
  /** A desk has got something. */
  readonly added: (desk: Desk) => void;
  readonly log: Log;
}): RowReader {
  const { store, log } = parts;
  /** By endpoint and chat: each is asked for once. */
  const lines = new Map<string, Line>();
  const rows = new Map<string, Desk>();
  const bodies = new Map<string, string>();
  let isReading = false;
  let bodyBatch: { readonly ids: string[]; readonly found: Promise<ReadonlyMap<string, string>> } | null =
    null;
  let lastBodies: Promise<unknown> = Promise.resolve();

  const consider = (desk: Desk, chatId: number | null): void => {
    if (desk.isRetired || !desk.unread.has(chatId) || desk.endpoint.lineSize(chatId) > 0) return;
    desk.unread.delete(chatId);
    lines.set(`${desk.called.id} ${chatId}`, { desk, chatId });
    begin();
  };

  const begin = (): void => {
    if (isReading) return;
    isReading = true;
    setImmediate(() => {
      read()
        .catch((error: unknown) => log.error({ err: String(error) }, "reading deliveries met a bug"))
        .finally(() => {
          isReading = false;
        });
    });
  };

  const read = async (): Promise<void> => {
    while (lines.size > 0 || rows.size > 0) {
      const due = [...lines].slice(0, linesMax);
      for (const [name] of due) lines.delete(name);
      const asked = due.map(([, line]) => line);
      const named = [...rows].slice(0, idsMax);
      for (const [id] of named) rows.delete(id);
      const desks = new Set([...asked.map(({ desk }) => desk), ...named.map(([, desk]) => desk)]);
      // Of before the query: what is done meanwhile is not taken up again.
      const marks = new Map([...desks].map((desk) => [desk, desk.mark]));
      try {
        const found = await Promise.all([
          asked.length === 0 ? [] : openDeliveriesOfLines(store, asked.map(nameOf), perChatMax),
          named.length === 0
            ? []
            : openDeliveriesById(
                store,
                named.map(([id]) => id),
              ),
        ]);
        const byEndpoint = Map.groupBy(found.flat(), ({ endpointId }) => endpointId);
        for (const [desk, mark] of marks) {
          const own = byEndpoint.get(desk.called.id) ?? [];
          for (const [chatId, line] of Map.groupBy(own, (row) => row.chatId)) {
            if (desk.called.fifo && line.length >= perChatMax) desk.unread.add(chatId);
          }
          desk.addRows(own, mark, 0);
          parts.added(desk);
        }
      } catch (error) {
        log.warn({ err: String(error) }, "open deliveries could not be read");
        for (const desk of desks) desk.hasMore = true;
      }
      for (const { desk, chatId } of asked) consider(desk, chatId);
    }
  };

  const keepBody = (id: string, payload: string): void => {
    bodies.set(id, payload);
    if (bodies.size <= bodiesMax) return;
    for (const oldest of bodies.keys()) {
      bodies.delete(oldest);
      break;
    }
  };

  return {
    readLine(desk, chatId, { id, payload }) {
      if (payload !== null) keepBody(id, payload);
      desk.unread.add(chatId);
      consider(desk, chatId);
    },
    settled: consider,
    readRow(desk, id) {
      if (rows.size >= askedMax) desk.hasMore = true;
      else rows.set(id, desk);
      begin();
    },
    async payloadOf(id) {
      const body = bodies.get(id);
      bodies.delete(id);
      if (body !== undefined) return body;
      if (bodyBatch === null) {
        const ids: string[] = [];
        const found = lastBodies
          .catch(() => {})
          .then(() => {
            bodyBatch = null;
            return readPayloads(store, ids);
          });
        bodyBatch = { ids, found };
        lastBodies = found;
      }
      const batch = bodyBatch;
      batch.ids.push(id);
      return (await batch.found).get(id);
    },
  };
}

function nameOf({ desk, chatId }: Line): { readonly endpointId: number; readonly chatId: number | null } {
  return { endpointId: desk.called.id, chatId };
}

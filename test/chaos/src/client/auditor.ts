/** Looks into Postgres for what clients were just told: by L1 it is there already. */
import type { Queryable } from "@rookery/store";
import type { AuditEntry } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";

export interface Told {
  readonly uuid: string;
  readonly chatId: number;
  readonly seq: number;
  /** Not a message but what became of one. */
  readonly isChange?: boolean;
}

export interface Auditor {
  /** Looks at once, if it is not busy: most of what is told is not looked for. */
  look(told: Told): void;
  readonly looks: number;
  /** Resolves when the last look has ended. */
  close(): Promise<void>;
}

/** Looks under way; beyond it what is told is let pass. */
const looksMax = 2;
/** At most so often, so that the looking is no load. */
const gapMs = 20;

/** What cannot be looked for, because Postgres is away, is no finding. */
export function openAuditor(db: Queryable, journal: Pick<Journal<AuditEntry>, "add">): Auditor {
  const underWay = new Set<Promise<void>>();
  let looks = 0;
  let lastMs = 0;

  const lookUp = async ({ uuid, chatId, seq, isChange = false }: Told): Promise<void> => {
    const atMs = performance.now();
    const { rows } = await db.query<{ seq: number }>(
      isChange
        ? {
            name: "audit change",
            text: "select (outcome->>'seq')::bigint as seq from outcome where actor = $1 and uuid = $2",
            values: [`chat:${chatId}`, uuid],
          }
        : {
            name: "audit",
            text: "select seq from message where chat_id = $1 and uuid = $2",
            values: [chatId, uuid],
          },
    );
    looks += 1;
    journal.add({ kind: "audit", uuid, chatId, seq, storedSeq: rows[0]?.seq ?? null, atMs });
  };

  return {
    look(told) {
      const nowMs = performance.now();
      if (underWay.size >= looksMax || nowMs - lastMs < gapMs) return;
      lastMs = nowMs;
      const look = lookUp(told)
        .catch(() => undefined)
        .finally(() => underWay.delete(look));
      underWay.add(look);
    },
    get looks() {
      return looks;
    },
    async close() {
      await Promise.all(underWay);
    },
  };
}

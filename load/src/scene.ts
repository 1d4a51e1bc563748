/**
 * The same sockets and chats for the cluster and for what it is compared to. People and chats of the cluster are written as
 * rows, as their actors would have left them: making a chat of 10,000 by invitations measures invitations.
 */
import type { Store } from "@rookery/store";
import type { User } from "./client.ts";
import type { StageChat } from "./drive.ts";
import { addPeople, openClusterStore } from "./people.ts";
import type { StageDoor } from "./stage.ts";

export interface Scene {
  readonly doors: readonly StageDoor[];
  readonly chats: readonly StageChat[];
}

export type ChatPreparation = (store: Store, ids: readonly number[]) => Promise<readonly number[]>;

/** Pairs of a chat and a member in one statement. */
const membersPerInsert = 50_000;

/**
 * A person for each of `sockets`, and the chats, whose members are given by index, owner first. Doors take turns over the
 * edges.
 */
export async function setScene(
  cluster: { readonly dataDir: string; readonly edges: readonly string[] },
  sockets: number,
  chats: readonly (readonly number[])[],
  prepare?: ChatPreparation,
): Promise<Scene> {
  const store = await openClusterStore(cluster.dataDir);
  try {
    const people = await addPeople(store, cluster.dataDir, sockets);
    const ids = await addChats(store, people, chats);
    const heads = await prepare?.(store, ids);
    const edge = (index: number): string => cluster.edges[index % cluster.edges.length] ?? "";
    return {
      doors: people.map(({ token }, index) => ({ base: edge(index), token })),
      chats: ids.map((id, index) => ({ id, headSeq: heads?.[index] ?? 0, readers: chats[index] ?? [] })),
    };
  } finally {
    await store.end();
  }
}

/** Groups that have said nothing yet. @returns their ids, in order. */
export async function addChats(
  store: Store,
  people: readonly User[],
  chats: readonly (readonly number[])[],
): Promise<number[]> {
  const { rows } = await store.query<{ id: number }>(
    `with made as (select nextval('chat_id') as id from generate_series(1, $1))
     insert into chat (id, type, title, rev, created_by, created_ms)
     select id, 'group', 'load', 0, $2, $3 from made returning id`,
    [chats.length, people[0]?.id ?? 0, Date.now()],
  );
  const ids = rows.map(({ id }) => id);
  const pairs = chats.flatMap((members, index) =>
    members.map((member, place) => ({
      chat: ids[index] ?? 0,
      user: people[member]?.id ?? 0,
      role: place === 0 ? "owner" : "member",
    })),
  );
  for (let at = 0; at < pairs.length; at += membersPerInsert) {
    const part = pairs.slice(at, at + membersPerInsert);
    await store.query(
      `insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev)
       select chat_id, user_id, role, 0, $4, 0
       from unnest($1::bigint[], $2::bigint[], $3::text[]) as m(chat_id, user_id, role)`,
      [part.map(({ chat }) => chat), part.map(({ user }) => user), part.map(({ role }) => role), Date.now()],
    );
  }
  return ids;
}

/** The same readers of the same chats for a control, whose tokens are lists of chats. */
export function bareScene(base: string, { doors, chats }: Scene, dialect?: StageDoor["dialect"]): Scene {
  const chatsOf = doors.map((): number[] => []);
  for (const { id, readers } of chats) for (const reader of readers) chatsOf[reader]?.push(id);
  return {
    doors: chatsOf.map((ids) => ({
      base,
      token: ids.join("."),
      ...(dialect === undefined ? {} : { dialect }),
    })),
    chats: chats.map(({ id, readers }) => ({ id, readers, headSeq: 0 })),
  };
}

/** `count` chats of `size` people side by side: everybody is in one. */
export function neighbours(count: number, size: number): number[][] {
  return Array.from({ length: count }, (_, chat) =>
    Array.from({ length: size }, (_, place) => chat * size + place),
  );
}

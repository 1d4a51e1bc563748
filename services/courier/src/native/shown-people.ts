import type { UserId } from "@rookery/protocol";
import { readNativePeople, type Store } from "@rookery/store";
import type { NativePeople, NativePerson } from "@rookery/telegram";

/** Names are shown as they were at most so long ago. */
const freshMs = 5_000;
/** In memory (L7). */
const peopleMax = 20_000;

/** The people updates speak of, by their names of now, or of a moment ago. */
export interface ShownPeople {
  read(userIds: Iterable<UserId>): Promise<NativePeople>;
}

export function openShownPeople(store: Store, now: () => number): ShownPeople {
  const known = new Map<UserId, { readonly person: NativePerson; readonly untilMs: number }>();
  return {
    async read(userIds) {
      const wanted = new Set(userIds);
      const nowMs = now();
      const missing = [...wanted].filter((userId) => (known.get(userId)?.untilMs ?? 0) <= nowMs);
      const shown = new Map<UserId, NativePerson>();
      for (const userId of wanted) {
        const person = known.get(userId)?.person;
        if (person !== undefined) shown.set(userId, person);
      }
      if (missing.length === 0) return shown;
      for (const person of await readNativePeople(store, missing)) {
        known.delete(person.id);
        known.set(person.id, { person, untilMs: nowMs + freshMs });
        shown.set(person.id, person);
      }
      for (const userId of known.keys()) {
        if (known.size <= peopleMax) break;
        known.delete(userId);
      }
      return shown;
    },
  };
}

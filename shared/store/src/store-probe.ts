import type { Store } from "./pool.ts";

/**
 * Whether Postgres answers. Whoever asks while somebody is being answered is told the same: a supervisor's question costs no more
 * than one connection, however many strangers ask it too.
 */
export function openStoreProbe(store: Pick<Store, "query">): () => Promise<boolean> {
  let asking: Promise<boolean> | null = null;
  const ask = async (): Promise<boolean> => {
    try {
      return (await store.query("select 1")).rowCount === 1;
    } finally {
      asking = null;
    }
  };
  return () => (asking ??= ask());
}

/** Questions of one kind, asked together: those of a moment are one query, and what comes meanwhile is the next. */

/** In one query. */
const batchMax = 500;

/** `read` answers in the order of the questions. What goes wrong with it goes wrong for all that were asked in it. */
export function openTogether<K, V>(
  read: (keys: readonly K[]) => Promise<readonly V[]>,
): (key: K) => Promise<V> {
  const waiting: {
    readonly key: K;
    readonly resolve: (value: V) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  let isReading = false;

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchMax);
      try {
        const values = await read(batch.map(({ key }) => key));
        for (const [index, { resolve }] of batch.entries()) resolve(values[index] as V);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isReading = false;
  };

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (isReading) return;
      isReading = true;
      setImmediate(() => void run());
    });
}

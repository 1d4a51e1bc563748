/** Whose tokens they are. All calls of a moment are looked up together, so thousands that come at once take few queries. */
import { botTokenDigest } from "@rookery/gateway";
import type { NativeBot } from "@rookery/store";

/** In one query. */
const batchMax = 500;

/** Null: nobody's. */
export type BotLookup = (token: string) => Promise<NativeBot | null>;

/** `read` answers by the digest in hexadecimal. */
export function openBotLookup(
  read: (digests: readonly Buffer[]) => Promise<ReadonlyMap<string, NativeBot>>,
): BotLookup {
  const waiting: {
    readonly digest: Buffer;
    readonly resolve: (bot: NativeBot | null) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  let isReading = false;

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchMax);
      try {
        const bots = await read(batch.map(({ digest }) => digest));
        for (const { digest, resolve } of batch) resolve(bots.get(digest.toString("hex")) ?? null);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isReading = false;
  };

  return (token) =>
    new Promise((resolve, reject) => {
      waiting.push({ digest: botTokenDigest(token), resolve, reject });
      if (isReading) return;
      isReading = true;
      setImmediate(() => void run());
    });
}

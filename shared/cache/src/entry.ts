import type { Log } from "@rookery/runtime";
import type { Cache } from "./cache.ts";

/** Values that can be read anew at any moment, kept for a while for all processes (L10). Many in one round trip. */
export interface Entries<T> {
  /** In the order of the keys; undefined: not there, or Redis is away. Never throws. */
  read(keys: readonly string[]): Promise<(T | undefined)[]>;
  /** Never throws; a value that was not kept is read anew. */
  write(entries: readonly (readonly [key: string, value: T])[]): Promise<void>;
}

/** Entries of one kind under `rookery:<name>:`, as JSON. Whoever keeps them there is trusted in shape. */
export function openEntries<T>(parts: {
  readonly cache: Cache;
  readonly name: string;
  readonly lifeMs: number;
  readonly log: Log;
}): Entries<T> {
  const { cache, name, lifeMs, log } = parts;
  const nameOf = (key: string): string => `rookery:${name}:${key}`;
  return {
    async read(keys) {
      try {
        const texts = await cache.redis.mget(keys.map(nameOf));
        return texts.map((text) => (text === null ? undefined : (JSON.parse(text) as T)));
      } catch (error) {
        log.debug({ err: error, name }, "entries could not be read");
        return keys.map(() => undefined);
      }
    },
    async write(entries) {
      try {
        const pipeline = cache.redis.pipeline();
        for (const [key, value] of entries) pipeline.set(nameOf(key), JSON.stringify(value), "PX", lifeMs);
        await pipeline.exec();
      } catch (error) {
        log.debug({ err: error, name }, "entries could not be kept");
      }
    },
  };
}

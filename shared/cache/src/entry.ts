import type { Log } from "@rookery/runtime";
import type { Cache } from "./cache.ts";

/** Values that can be read anew at any moment, kept for a while for all processes (L10). */
export interface Entries<T> {
  /** Undefined: not there, or Redis is away. Never throws. */
  read(key: string): Promise<T | undefined>;
  /** Never throws; a value that was not kept is read anew. */
  write(key: string, value: T): Promise<void>;
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
    async read(key) {
      try {
        const text = await cache.redis.get(nameOf(key));
        return text === null ? undefined : (JSON.parse(text) as T);
      } catch (error) {
        log.debug({ err: error, name }, "an entry could not be read");
        return undefined;
      }
    },
    async write(key, value) {
      try {
        await cache.redis.set(nameOf(key), JSON.stringify(value), "PX", lifeMs);
      } catch (error) {
        log.debug({ err: error, name }, "an entry could not be kept");
      }
    },
  };
}

/**
 * Who is alive: one heartbeat a process on core NATS, never a lease a shard. Liveness only decides who *should*
 * try; the fence in Postgres decides who may (L2), so it can be quick and wrong.
 */
import { encodeInternal, type Heartbeat, parseInternal, subjects } from "@rookery/protocol";
import type { Bus } from "./bus.ts";

export type Role = Heartbeat["role"];

export const HEARTBEAT_MS = 300;
/** Silence after which a process counts as gone: three heartbeats missed. */
export const SILENT_MS_MAX = 1_000;

export interface Liveness {
  /**
   * The ids of those alive in a role, sorted. Null when nothing is heard, not even ourselves: the fault is then on
   * our side, and we judge nobody.
   */
  live(role: Role): readonly string[] | null;
  /** Called when somebody comes, leaves or falls silent. */
  onChange(listener: () => void): void;
  /** Whether we are fit to hold shards: alive is not enough. While unfit the others are told to take over. */
  setFit(fit: boolean): void;
  /** From now on we tell the others to take over what is ours. */
  leave(): void;
  close(): void;
}

/** Starts to say that `self` is alive and to hear who else is. */
export function startLiveness(bus: Bus, self: { readonly role: Role; readonly id: string }): Liveness {
  const heardMs = new Map<string, { readonly role: Role; atMs: number }>();
  const listeners: (() => void)[] = [];
  let leaving = false;
  let fit = true;

  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const say = (): void => {
    bus.publish(subjects.live, encodeInternal({ ...self, leaving: leaving || !fit } satisfies Heartbeat));
  };
  const subscription = bus.subscribe(subjects.live, ({ bytes }) => {
    const heartbeat = parseHeartbeat(bytes);
    if (heartbeat === null) return;
    const { id, role, leaving: gone } = heartbeat;
    if (gone) {
      if (heardMs.delete(id)) changed();
      return;
    }
    const known = heardMs.get(id);
    heardMs.set(id, { role, atMs: performance.now() });
    if (known === undefined) changed();
  });
  const hearsItself = (): boolean => {
    const own = heardMs.get(self.id);
    return leaving || !fit || (own !== undefined && performance.now() - own.atMs < SILENT_MS_MAX);
  };
  const timer = setInterval(() => {
    say();
    if (!hearsItself()) return;
    const before = heardMs.size;
    for (const [id, { atMs }] of heardMs) {
      if (performance.now() - atMs > SILENT_MS_MAX) heardMs.delete(id);
    }
    if (heardMs.size !== before) changed();
  }, HEARTBEAT_MS);
  say();

  return {
    live(role) {
      if (!hearsItself()) return null;
      return [...heardMs].flatMap(([id, heard]) => (heard.role === role ? [id] : [])).toSorted();
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    setFit(value) {
      if (fit === value) return;
      fit = value;
      say();
    },
    leave() {
      leaving = true;
      say();
    },
    close() {
      clearInterval(timer);
      subscription.close();
    },
  };
}

/** What is no heartbeat is nobody's: one bad publisher must not end those who listen. */
function parseHeartbeat(bytes: Uint8Array): Heartbeat | null {
  try {
    const value = parseInternal<Heartbeat | null>(bytes);
    return typeof value?.id === "string" ? value : null;
  } catch {
    return null;
  }
}

/**
 * Who is alive: one heartbeat a process on core NATS, never a lease a shard. Liveness only decides who *should*
 * try; the fence in Postgres decides who may (L2), so it can be quick and wrong.
 */
import { encodeInternal, type Heartbeat, parseInternal, subjects } from "@rookery/protocol";
import type { Bus } from "./bus.ts";
import { openLoopDelay } from "./loop-delay.ts";
import { Census, HEARTBEAT_MS, type Role } from "./census.ts";

/** A timer may be so early; it is not to speak twice then. */
const EARLY_MS_MAX = 30;
/** Between looks for who has fallen silent, at least: each wakes the process. */
const FORGET_MS = 100;

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
  const census = new Census(self.id);
  const listeners: (() => void)[] = [];
  const delay = openLoopDelay(performance.now());
  let leaving = false;
  let fit = true;

  const tell = (changed: boolean): void => {
    if (changed) for (const listener of listeners) listener();
  };
  const say = (): void => {
    const delayMs = delay.readMs(performance.now());
    const heartbeat: Heartbeat = {
      ...self,
      leaving: leaving || !fit,
      ...(delayMs === null ? {} : { delayMs }),
    };
    bus.publish(subjects.live, encodeInternal(heartbeat));
  };
  const subscription = bus.subscribe(subjects.live, ({ bytes }) => {
    const heartbeat = parseHeartbeat(bytes);
    if (heartbeat !== null) tell(census.hear(heartbeat, performance.now()));
  });
  let beat: NodeJS.Timeout;
  const sayAtBeat = (): void => {
    beat = setTimeout(() => {
      say();
      sayAtBeat();
    }, untilBeatMs(Date.now()));
  };
  // When it is long enough a silence is noticed, not up to a heartbeat later.
  let silence: NodeJS.Timeout;
  const lookForSilence = (): void => {
    const nowMs = performance.now();
    silence = setTimeout(
      () => {
        tell(census.forget(performance.now()));
        lookForSilence();
      },
      Math.max(FORGET_MS, census.nextSilenceMs(nowMs) - nowMs),
    );
  };
  say();
  sayAtBeat();
  lookForSilence();

  return {
    live: (role) => census.live(role, performance.now()),
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
      clearTimeout(beat);
      clearTimeout(silence);
      delay.close();
      subscription.close();
    },
  };
}

/**
 * Everybody speaks at the same moments of the clock: everybody hears everybody, and who waits is then woken once for all of them
 * instead of once for each. Clocks that differ cost only that.
 */
export function untilBeatMs(wallMs: number): number {
  const untilMs = HEARTBEAT_MS - (wallMs % HEARTBEAT_MS);
  return untilMs < EARLY_MS_MAX ? untilMs + HEARTBEAT_MS : untilMs;
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

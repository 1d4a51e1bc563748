/**
 * How much of what one person says is answered. What is beyond is kept like all else; the person is told once, and then not until
 * they were quiet for as long as they are told to wait.
 *
 *   open ──beyond a limit──▶ throttled (told) ──its time is over, and the limits allow──▶ open
 *
 * The counts are as good as the rows they were made from (`recall`): a bot that moves to another courier is counted on there.
 */
import type { RouteTable } from "@rookery/protocol";
import { Pace } from "./pace.ts";

export type FloodLimits = NonNullable<RouteTable["flood"]>;

const defaults = { perSecond: 1, perMinute: 20, perHour: 100, commandsPerMinute: 5 } as const;
/** Who was a little too fast waits so long, */
const waitMs = 1_500;
/** and who went on for a minute or an hour so long. */
const throttleMs = 3_000;
/** Of one bot; beyond it the one heard of longest ago is forgotten. */
const peopleMax = 20_000;

/** `tell`: it is not answered, and the person is to hear so. */
export type FloodVerdict = "open" | "tell" | "silent";

export interface PastVerdict {
  readonly personId: number;
  readonly isCommand: boolean;
  readonly flood: FloodVerdict;
  readonly createdMs: number;
}

interface Person {
  readonly second: Pace;
  readonly minute: Pace;
  readonly hour: Pace;
  readonly commands: Pace;
  untilMs: number;
}

/** Of one bot. */
export class Flood {
  /** In the order of use. */
  readonly #people = new Map<number, Person>();

  /** `nowMs` is the update's time, not that of the judgement: so whoever judges the same updates again comes to the same. */
  note(telegramId: number, isCommand: boolean, limits: FloodLimits | undefined, nowMs: number): FloodVerdict {
    if (limits?.off === true) return "open";
    const person = this.#person(telegramId);
    if (nowMs < person.untilMs) return "silent";
    const wait = waitOf(person, isCommand, limits ?? {}, nowMs);
    if (wait === null) {
      take(person, isCommand, nowMs);
      return "open";
    }
    // Still beyond it: the throttle goes on, and was told.
    const isNew = person.untilMs === 0;
    person.untilMs = nowMs + wait;
    return isNew ? "tell" : "silent";
  }

  /** What was judged before us, in its order: it is counted as it was judged, whatever the limits are now. */
  recall(past: PastVerdict, limits: FloodLimits | undefined): void {
    const { personId, isCommand, flood, createdMs } = past;
    const person = this.#person(personId);
    if (flood === "open") take(person, isCommand, createdMs);
    else if (createdMs >= person.untilMs) {
      person.untilMs = createdMs + (waitOf(person, isCommand, limits ?? {}, createdMs) ?? throttleMs);
    }
  }

  #person(telegramId: number): Person {
    const person = this.#people.get(telegramId) ?? {
      second: new Pace(1_000),
      minute: new Pace(60_000),
      hour: new Pace(3_600_000),
      commands: new Pace(60_000),
      untilMs: 0,
    };
    this.#people.delete(telegramId);
    this.#people.set(telegramId, person);
    const [oldest] = this.#people.keys();
    if (this.#people.size > peopleMax && oldest !== undefined) this.#people.delete(oldest);
    return person;
  }
}

function take(person: Person, isCommand: boolean, nowMs: number): void {
  for (const pace of [person.second, person.minute, person.hour]) pace.take(nowMs);
  if (isCommand) person.commands.take(nowMs);
  person.untilMs = 0;
}

function waitOf(person: Person, isCommand: boolean, limits: FloodLimits, nowMs: number): number | null {
  const { perSecond, perMinute, perHour, commandsPerMinute } = { ...defaults, ...limits };
  const isFull = (pace: Pace, max: number): boolean => pace.room(max, nowMs) === 0;
  if (isFull(person.minute, perMinute) || isFull(person.hour, perHour)) return throttleMs;
  if (isCommand && isFull(person.commands, commandsPerMinute)) return throttleMs;
  return isFull(person.second, perSecond) ? waitMs : null;
}

/**
 * People of a simulated Telegram talk to bots while edges, workers and couriers are killed: everything they say is to be in
 * Postgres and with every reader once and in order, and answered.
 */
import { openRandom, type Random, until } from "@rookery/kit";
import type { Store } from "@rookery/store";
import { type Person as Member, register } from "../client/population.ts";
import { Reader } from "../client/reader.ts";
import type { Rig } from "../cluster/rig.ts";
import { readHeads } from "../journal/truth.ts";
import { pause } from "../pause.ts";
import { killOne, type RigRunOptions, runOnRig } from "../run/rig-run.ts";
import { answerTo, isTelegramClean, judgeTelegram, type ReadLine, type TelegramVerdict } from "./check.ts";
import { openTelegramPeople, type TelegramPeople } from "./people.ts";
import { readChats, readInFlight, watchTakeovers } from "./stored.ts";

export interface TelegramRunOptions extends RigRunOptions {
  readonly seed: number;
  readonly updates: number;
  readonly chats: number;
  readonly bots: number;
  readonly kills: number;
  /** Said a second. */
  readonly rate: number;
}

export interface TelegramReport {
  readonly verdict: TelegramVerdict;
  readonly isClean: boolean;
  readonly figures: Readonly<Record<string, number>>;
  /** Kept when it is not clean. */
  readonly runDir: string | null;
}

const readersCount = 2;
/** So often Telegram posts what was taken already: at once, and out of turn. */
const duplicateShare = 0.1;
const resendShare = 0.1;
const resendMs = 200;
const tickMs = 50;
const settleMsMax = 240_000;
/** For conditions that Postgres is asked for. */
const everyMs = 100;

/** @throws when the cluster cannot be started. */
export async function runTelegram(options: TelegramRunOptions): Promise<TelegramReport> {
  const people = await openTelegramPeople({ bots: options.bots, chats: options.chats, seed: options.seed });
  const env = { TELEGRAM_API_ROOT: people.simulator.url, WEBHOOK_ALLOW_PRIVATE: "true" };
  try {
    return await runOnRig({ ...options, name: "telegram", env }, (rig, runDir) =>
      hurt({ ...options, runDir }, people, rig),
    );
  } finally {
    await people.close();
  }
}

async function hurt(
  options: TelegramRunOptions & { readonly runDir: string },
  people: TelegramPeople,
  rig: Rig,
): Promise<TelegramReport> {
  const { seed, tell, updates, kills } = options;
  // Of their own each, so that the seed plans the same kills however they meet what is said.
  const [random, killing, wandering] = [openRandom(seed), openRandom(seed + 1), openRandom(seed + 2)];
  const [base = ""] = rig.edgeUrls;
  const owner = await register(base, `telegram_${seed}`);
  await people.introduce(base, owner);
  const said = new Map(people.all.map(({ person }) => [String(person.id), new Array<string>()]));
  const say = (index: number): void => {
    const each = people.all[index % people.all.length];
    if (each === undefined) return;
    const lines = said.get(String(each.person.id)) ?? [];
    const text = `${each.person.id} says ${lines.length + 1}`;
    lines.push(text);
    each.person.says(each.bot, text);
  };
  tell(`${people.all.length} people begin to talk`);
  // Their chats come into being in peace: readers know from where on they read.
  for (let index = 0; index < people.all.length; index += 1) say(index);
  await settle(rig.store, people, said, tell);
  const heads = new Map((await readHeads(rig.store)).map(({ id, headSeq }) => [id, headSeq]));
  const { readers, taken } = openReaders(rig, owner, heads, wandering);
  try {
    await until(() => readers.every((reader) => reader.isCurrent), {
      withinMs: settleMsMax,
      what: "readers",
    });
    const { faults } = people.simulator;
    faults.add({ kind: "duplicate", probability: duplicateShare });
    faults.add({ kind: "resend", delayMs: resendMs, probability: resendShare });
    await watchTakeovers(rig.store);
    const startMs = performance.now();
    let count = 0;
    const talk = async (): Promise<void> => {
      while (count < updates) {
        const due = Math.min(updates, Math.floor(((performance.now() - startMs) * options.rate) / 1_000));
        for (; count < due; count += 1) say(random.below(people.all.length));
        await pause(tickMs);
      }
    };
    const kill = async (): Promise<void> => {
      for (let done = 0; done < kills; done += 1) {
        await until(() => count >= ((done + 0.5) * updates) / kills, {
          withinMs: settleMsMax,
          what: "people",
        });
        await killOne(rig, killing, { tell });
      }
    };
    await Promise.all([talk(), kill()]);
    faults.clear();
    tell(`said ${count}, settling`);
    await settle(rig.store, people, said, tell);
    const last = new Map((await readHeads(rig.store)).map(({ id, headSeq }) => [id, headSeq]));
    await until(
      () => readers.every((reader) => [...last].every(([id, seq]) => (reader.placeOf(id)?.seq ?? 0) >= seq)),
      { withinMs: settleMsMax, what: "readers" },
    ).catch(() => tell("readers are behind"));
    const stored = await readChats(rig.store);
    const chats = new Map(
      [...said].map(([chat, lines]) => {
        const { id = 0, lines: kept = [] } = stored.get(chat) ?? {};
        const read = taken.map((of) => of.get(id) ?? []);
        return [chat, { said: lines, stored: kept, readAfter: heads.get(id) ?? 0, read }];
      }),
    );
    const { seen, violations } = people.simulator.journal;
    const answers = seen.flatMap(({ kind, chatId, body, outcome }) =>
      kind === "message"
        ? [{ chat: String(chatId), text: String(body["text"]), isOutcomeUnknown: outcome === "unknown" }]
        : [],
    );
    const inFlight = await readInFlight(rig.store);
    const verdict = judgeTelegram(chats, answers, inFlight);
    const isClean = isTelegramClean(verdict);
    return {
      verdict,
      isClean,
      figures: {
        updates: [...said.values()].reduce((sum, lines) => sum + lines.length, 0),
        "posts to webhooks": people.simulator.deliveries.length,
        answers: answers.length,
        "sends in flight at takeovers": inFlight.size,
        "answers 429": violations.length,
        kills,
        "seconds of talk and settling": Math.round((performance.now() - startMs) / 1_000),
      },
      runDir: isClean ? null : options.runDir,
    };
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
}

function openReaders(rig: Rig, owner: Member, heads: ReadonlyMap<number, number>, random: Random) {
  const taken = Array.from({ length: readersCount }, () => new Map<number, ReadLine[]>());
  const places = new Map([...heads].map(([id, seq]) => [id, { seq, rev: 0 }]));
  const readers = taken.map((lines, index) => {
    const onMessage = ({ chatId, seq, body }: { chatId: number; seq: number; body: string }): void => {
      const list = lines.get(chatId) ?? [];
      lines.set(chatId, list);
      list.push({ seq, body });
    };
    const journal = { add: () => undefined };
    const about = { name: `reader-${index}`, person: owner, edges: rig.edgeUrls, random, journal };
    return new Reader({ ...about, places, onMessage }, index % rig.edgeUrls.length);
  });
  return { readers, taken };
}

/** Resolves when everybody has an answer to everything and nothing is under way; or it has been waited long enough. */
async function settle(
  store: Store,
  { simulator }: TelegramPeople,
  said: ReadonlyMap<string, readonly string[]>,
  tell: (line: string) => void,
): Promise<void> {
  const wanted = [...said.values()].flatMap((lines) => lines.map(answerTo));
  const isSettled = async (): Promise<boolean> => {
    const seen = new Set(simulator.journal.seen.map(({ body }) => body["text"]));
    if (!wanted.every((text) => seen.has(text))) return false;
    const { rows } = await store.query(
      `select from telegram_send where state in ('pending', 'sending')
       union all select from telegram_update where state = 'pending' union all select from relay limit 1`,
    );
    return rows.length === 0;
  };
  await until(isSettled, { withinMs: settleMsMax, what: "answers", everyMs }).catch((error: unknown) =>
    tell(String(error)),
  );
}

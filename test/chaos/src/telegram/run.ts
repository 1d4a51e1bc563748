/**
 * People of a simulated Telegram talk to bots while edges, workers and couriers are killed: everything they say is to be in
 * Postgres and with every reader once and in order, and answered.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRandom, type Random } from "@rookery/kit";
import type { Store } from "@rookery/store";
import { type Person as Member, register } from "../client/population.ts";
import { Reader } from "../client/reader.ts";
import type { Role } from "../cluster/member.ts";
import { type Rig, type RigShape, startRig } from "../cluster/rig.ts";
import { readHeads } from "../journal/truth.ts";
import { pause } from "../pause.ts";
import { answerTo, isTelegramClean, judgeTelegram, type ReadLine, type TelegramVerdict } from "./check.ts";
import { openTelegramPeople, type TelegramPeople } from "./people.ts";
import { readChats, readInFlight, watchTakeovers } from "./stored.ts";

export interface TelegramRunOptions {
  readonly seed: number;
  readonly updates: number;
  readonly chats: number;
  readonly bots: number;
  readonly kills: number;
  /** Said a second. */
  readonly rate: number;
  readonly rig: RigShape;
  readonly keep: boolean;
  readonly tell: (line: string) => void;
}

export interface TelegramReport {
  readonly verdict: TelegramVerdict;
  readonly isClean: boolean;
  readonly figures: Readonly<Record<string, number>>;
  /** Kept when it is not clean. */
  readonly runDir: string | null;
}

const readersCount = 2;
const roles: readonly Role[] = ["edge", "worker", "courier"];
/** A killed process is away for so long, and then for as long as it takes to start. */
const awayMsMin = 200;
const awayMsMax = 1_500;
/** So often Telegram posts what was taken already: at once, and out of turn. */
const duplicateShare = 0.1;
const resendShare = 0.1;
const resendMs = 200;
const tickMs = 50;
const settleMsMax = 240_000;

/** @throws when the cluster cannot be started. */
export async function runTelegram(options: TelegramRunOptions): Promise<TelegramReport> {
  const { tell, seed } = options;
  const runDir = await mkdtemp(join(tmpdir(), "rookery-telegram-"));
  const people = await openTelegramPeople({ bots: options.bots, chats: options.chats, seed });
  let rig: Rig | undefined;
  let report: TelegramReport | undefined;
  try {
    rig = await startRig({
      ...options.rig,
      runDir,
      progress: tell,
      onExit: (name, reason) => tell(`${name} ${reason}, unasked`),
      env: { TELEGRAM_API_ROOT: people.simulator.url, WEBHOOK_ALLOW_PRIVATE: "true" },
    });
    report = await hurt({ ...options, runDir }, people, rig);
    return report;
  } finally {
    await rig?.close();
    await people.close();
    if (report?.isClean === true && !options.keep) {
      await rm(runDir, { recursive: true, force: true, maxRetries: 20 });
    } else tell(`kept ${runDir}`);
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
    await until(() => readers.every((reader) => reader.isCurrent), "readers");
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
        await until(() => count >= ((done + 0.5) * updates) / kills, "people");
        await killOne(rig, killing, tell);
      }
    };
    await Promise.all([talk(), kill()]);
    faults.clear();
    tell(`said ${count}, settling`);
    await settle(rig.store, people, said, tell);
    const last = new Map((await readHeads(rig.store)).map(({ id, headSeq }) => [id, headSeq]));
    await until(
      () => readers.every((reader) => [...last].every(([id, seq]) => (reader.placeOf(id)?.seq ?? 0) >= seq)),
      "readers",
      settleMsMax,
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

async function killOne(rig: Rig, random: Random, tell: (line: string) => void): Promise<void> {
  const member = random.pick(rig.members(random.pick(roles)));
  const awayMs = random.integer(awayMsMin, awayMsMax);
  tell(`kill ${member.name}, away for ${awayMs} ms`);
  await member.kill();
  await pause(awayMs);
  await member.start();
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
  await until(isSettled, "answers", settleMsMax).catch((error: unknown) => tell(String(error)));
}

async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = settleMsMax,
): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > untilMs) throw new Error(`waited too long for ${what}`);
    await pause(tickMs * 2);
  }
}

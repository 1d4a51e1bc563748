/**
 * People talk to two bots of the cluster's own while edges, workers and couriers are killed: everything they say is to be told to
 * its bot, in order and under one number, and answered once.
 */
import { randomUUID } from "node:crypto";
import { openRandom, until } from "@rookery/kit";
import type { Store } from "@rookery/store";
import { eachOf, type Person, register } from "../client/population.ts";
import { call, request } from "../client/rest.ts";
import type { Rig } from "../cluster/rig.ts";
import { percentile } from "../figure.ts";
import { pause } from "../pause.ts";
import { killOne, type RigRunOptions, runOnRig } from "../run/rig-run.ts";
import { answerTo, type BotVerdict, firstOfEach, isBotClean, judgeBot, type StoredWord } from "./check.ts";
import { type BotProgram, startPollingProgram, startWebhookProgram } from "./program.ts";

export interface BotApiRunOptions extends RigRunOptions {
  readonly seed: number;
  readonly people: number;
  readonly updates: number;
  readonly kills: number;
  /** Said a second. */
  readonly rate: number;
}

export interface BotApiReport {
  readonly verdicts: Readonly<Record<"polling" | "webhook", BotVerdict>>;
  readonly isClean: boolean;
  readonly figures: Readonly<Record<string, number>>;
}

interface Talker {
  readonly person: Person;
  readonly chatId: number;
  readonly bot: number;
  /** Both by the text's place. */
  readonly said: string[];
  readonly ackedMs: Map<string, number>;
  talking: Promise<void>;
}

const tickMs = 25;
const retryMs = 100;
const settleMsMax = 180_000;
/** For conditions that Postgres is asked for. */
const everyMs = 100;
const registersMax = 2;
/** What the issue asks of a takeover. */
const promisedMs = 2_000;

/** @throws when the cluster cannot be started. */
export function runBotApi(options: BotApiRunOptions): Promise<BotApiReport> {
  const env = { WEBHOOK_ALLOW_PRIVATE: "true", RATE_LIMITS: "off" };
  return runOnRig({ ...options, name: "bot-api", env }, (rig) => hurt(options, rig));
}

async function hurt(options: BotApiRunOptions, rig: Rig): Promise<BotApiReport> {
  const { tell, seed, updates, kills } = options;
  const [random, killing] = [openRandom(seed), openRandom(seed + 1)];
  const { edgeUrls: edges } = rig;
  const owner = await register(edges[0] ?? "", `owner_${seed}_${Date.now().toString(36)}`);
  const bots = await eachOf(2, 1, (index) => makeBot(edges, owner, `chaos_${seed}_${index}_bot`));
  tell(`registering ${options.people} people`);
  const talkers = await eachOf(options.people, registersMax, (index) => makeTalker(edges, bots, index));
  const [asking, posted] = bots;
  if (asking === undefined || posted === undefined) throw new Error("there are to be two bots");
  const programs: readonly BotProgram[] = [
    startPollingProgram({ token: asking.token, edges }),
    await startWebhookProgram({ token: posted.token, edges }),
  ];
  try {
    const startMs = performance.now();
    let count = 0;
    const talk = async (): Promise<void> => {
      while (count < updates) {
        const due = Math.min(updates, Math.floor(((performance.now() - startMs) * options.rate) / 1_000));
        for (; count < due; count += 1) say(random.pick(talkers), edges, count);
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
    tell(`said ${count}, settling`);
    await Promise.all(talkers.map(({ talking }) => talking));
    const wait = { withinMs: settleMsMax, what: "answers", everyMs };
    await until(() => isSettled(rig.store, talkers, programs), wait).catch((error: unknown) =>
      tell(String(error)),
    );
    const judged = await Promise.all(programs.map((program, bot) => judge(rig.store, program, talkers, bot)));
    const [polling, webhook] = judged;
    if (polling === undefined || webhook === undefined) throw new Error("there are to be two verdicts");
    return {
      verdicts: { polling, webhook },
      isClean: judged.every(isBotClean),
      figures: {
        ...figuresOf(programs, talkers),
        kills,
        seconds: Math.round((performance.now() - startMs) / 1_000),
      },
    };
  } finally {
    await Promise.all(programs.map((program) => program.close()));
  }
}

async function makeBot(edges: readonly string[], owner: Person, username: string) {
  const body = { username, displayName: "Chaos", mode: "native" };
  const options = { token: owner.token(), body };
  return await call<{ id: number; token: string }>(edges[0] ?? "", "POST", "/v1/bots", options);
}

async function makeTalker(
  edges: readonly string[],
  bots: readonly { readonly id: number }[],
  index: number,
): Promise<Talker> {
  const base = edges[index % edges.length] ?? "";
  const person = await register(base, `talker_${Date.now().toString(36)}_${index}`);
  const bot = index % bots.length;
  const body = { type: "direct", memberIds: [bots[bot]?.id] };
  const { id: chatId } = await call<{ id: number }>(base, "POST", "/v1/chats", {
    token: person.token(),
    body,
  });
  return { person, chatId, bot, said: [], ackedMs: new Map(), talking: Promise.resolve() };
}

/** One after the other, each under one name until it is acked, at one edge after the other. */
function say(talker: Talker, edges: readonly string[], number: number): void {
  const { person, chatId, said, ackedMs } = talker;
  const body = `${person.userId} says ${said.length + 1}`;
  said.push(body);
  const uuid = randomUUID();
  talker.talking = talker.talking.then(async () => {
    for (let turn = number; ; turn += 1) {
      const edge = edges[turn % edges.length] ?? "";
      const options = { token: person.token(), body: { uuid, body } };
      const status = await request(edge, "POST", `/v1/chats/${chatId}/messages`, options).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200 || status === 201) break;
      if (status === 401) await person.renew(edge);
      await pause(retryMs);
    }
    ackedMs.set(body, performance.now());
  });
}

async function judge(
  store: Store,
  { mode, taken, afterConfirmed }: BotProgram,
  talkers: readonly Talker[],
  bot: number,
): Promise<BotVerdict> {
  const own = talkers.filter((each) => each.bot === bot);
  const stored = await readWords(store, own);
  return judgeBot({
    mode,
    said: new Map(own.map(({ person, said }) => [person.userId, said])),
    taken,
    afterConfirmed,
    stored: new Map(own.map(({ person, chatId }) => [person.userId, stored.get(chatId) ?? []])),
  });
}

async function readWords(
  store: Store,
  talkers: readonly Talker[],
): Promise<ReadonlyMap<number, readonly StoredWord[]>> {
  const { rows } = await store.query<{ chatId: number; words: StoredWord[] }>(
    `select m.chat_id as "chatId", json_agg(json_build_object('body', m.body, 'isBots', u.is_bot) order by m.seq) as words
     from message m join users u on u.id = m.sender_id where m.chat_id = any($1::bigint[]) group by 1`,
    [talkers.map(({ chatId }) => chatId)],
  );
  return new Map(rows.map(({ chatId, words }) => [chatId, words]));
}

async function isSettled(
  store: Store,
  talkers: readonly Talker[],
  programs: readonly BotProgram[],
): Promise<boolean> {
  const known = new Set(programs.flatMap(({ taken }) => taken.map(({ text }) => text)));
  if (!talkers.every(({ said }) => said.every((text) => known.has(text)))) return false;
  const stored = await readWords(store, talkers);
  return talkers.every(({ chatId, said }) => {
    const bodies = new Set(stored.get(chatId)?.map(({ body }) => body));
    return said.every((text) => bodies.has(answerTo(text)));
  });
}

/** How long after its person knew that it was kept did the bot have it. */
function figuresOf(programs: readonly BotProgram[], talkers: readonly Talker[]): Record<string, number> {
  const acked = new Map(talkers.flatMap(({ ackedMs }) => [...ackedMs]));
  const figures: Record<string, number> = {};
  for (const { mode, taken, repeated } of programs) {
    const firsts = [...firstOfEach(taken).values()];
    const delays = firsts.map(({ text, atMs }) => Math.max(0, atMs - (acked.get(text) ?? atMs)));
    figures[`${mode}: updates`] = firsts.length;
    figures[`${mode}: told again`] = taken.length - firsts.length;
    figures[`${mode}: calls again`] = repeated;
    for (const [name, share] of [
      ["p50", 0.5],
      ["p99", 0.99],
      ["max", 1],
    ] as const) {
      figures[`${mode}: said → told ${name} ms`] = Math.round(percentile(delays, share) ?? 0);
    }
    figures[`${mode}: told after more than 2 s`] = delays.filter((ms) => ms > promisedMs).length;
  }
  return figures;
}

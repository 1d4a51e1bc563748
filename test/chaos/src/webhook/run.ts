/**
 * Messages of chats that endpoints listen to, whose receiver has moods, while couriers are killed: every message that was acked is to
 * be taken by each endpoint of its chat, under one id, and in order where that is kept.
 */
import { randomUUID } from "node:crypto";
import { openRandom, until } from "@rookery/kit";
import { eachOf, type Person, register } from "../client/population.ts";
import { call, request } from "../client/rest.ts";
import type { Rig } from "../cluster/rig.ts";
import { pause } from "../pause.ts";
import { killOne, type RigRunOptions, runOnRig } from "../run/rig-run.ts";
import {
  type DeliveryState,
  type HookAccount,
  isWebhookClean,
  judgeWebhooks,
  type WebhookVerdict,
} from "./check.ts";
import { type MoodyReceiver, openMoodyReceiver } from "./receiver.ts";

export interface WebhookRunOptions extends RigRunOptions {
  readonly seed: number;
  readonly messages: number;
  readonly chats: number;
  /** Of each chat: every second keeps the order. */
  readonly endpointsPerChat: number;
  readonly kills: number;
  /** Sent at once. */
  readonly lanes: number;
}

export interface WebhookReport {
  readonly verdict: WebhookVerdict;
  readonly isClean: boolean;
  readonly figures: Readonly<Record<string, number>>;
  /** Kept when it is not clean. */
  readonly runDir: string | null;
}

/** Longer than any mood lasts: nothing may be given up. */
const retry = { schedule: [0, 100, 200, 400, ...Array.from({ length: 46 }, () => 1_000)] };
/** The least there may be: a request that hangs is given up then. */
const timeoutMs = 1_000;
const stageMsMax = 600_000;
const againMs = 100;

/** @throws when the cluster cannot be started. */
export async function runWebhooks(options: WebhookRunOptions): Promise<WebhookReport> {
  const receiver = await openMoodyReceiver(openRandom(options.seed));
  try {
    return await runOnRig(
      { ...options, name: "webhooks", env: { WEBHOOK_ALLOW_PRIVATE: "true" } },
      (rig, runDir) => hurt({ ...options, runDir }, receiver, rig),
    );
  } finally {
    await receiver.close();
  }
}

async function hurt(
  options: WebhookRunOptions & { readonly runDir: string },
  receiver: MoodyReceiver,
  rig: Rig,
): Promise<WebhookReport> {
  const { seed, tell, messages, kills } = options;
  const [base = ""] = rig.edgeUrls;
  const owner = await register(base, `webhooks_${seed}`);
  const { hooks, chatIds } = await openHooks(base, owner, options, receiver);
  tell(`${hooks.length} endpoints listen to ${chatIds.length} chats`);
  const expected = messages * options.endpointsPerChat;
  const startMs = performance.now();
  const acked = new Map(chatIds.map((id) => [id, new Set<number>()]));
  let killed = 0;
  const talk = eachOf(messages, options.lanes, async (index) => {
    // Not far ahead of the kills: each is to find deliveries under way.
    const mayGo = (): boolean => killed >= kills || index * kills < (killed + 1) * messages;
    await until(mayGo, { withinMs: stageMsMax, what: "a kill" });
    const chatId = chatIds[index % chatIds.length] ?? 0;
    const body = { uuid: randomUUID(), body: `no. ${index}` };
    acked.get(chatId)?.add(await insist(base, owner, chatId, body));
  });
  const killing = openRandom(seed + 1);
  const kill = async (): Promise<void> => {
    while (killed < kills) {
      const share = ((killed + 0.5) * expected) / kills;
      await until(() => receiver.taken >= share, { withinMs: stageMsMax, what: `${share} deliveries` });
      const done = killOne(rig, killing, {
        of: "courier",
        doing: `${receiver.taken} of ${expected} taken: `,
        tell,
      });
      killed += 1;
      await done;
    }
  };
  await Promise.all([talk, kill()]);
  tell(`${receiver.taken} of ${expected} taken, settling`);
  const rows = await settle(rig, expected, tell);
  const verdict = judgeWebhooks(hooks, acked, receiver.arrivals, rows);
  const isClean = isWebhookClean(verdict) && receiver.followed === 0 && rows.length === expected;
  return {
    verdict,
    isClean,
    figures: {
      messages,
      endpoints: hooks.length,
      "deliveries expected": expected,
      "deliveries in Postgres": rows.length,
      attempts: receiver.arrivals.length,
      ...receiver.answers,
      "redirections followed": receiver.followed,
      "couriers killed": kills,
      seconds: Math.round((performance.now() - startMs) / 1_000),
    },
    runDir: isClean ? null : options.runDir,
  };
}

async function openHooks(
  base: string,
  owner: Person,
  { chats, endpointsPerChat }: WebhookRunOptions,
  receiver: MoodyReceiver,
): Promise<{ readonly hooks: HookAccount[]; readonly chatIds: number[] }> {
  const token = owner.token();
  const hooks: HookAccount[] = [];
  const chatIds = await eachOf(chats, 4, async (index) => {
    const group = { type: "group", memberIds: [], title: `heard ${index}` };
    const { id: chatId } = await call<{ id: number }>(base, "POST", "/v1/chats", { token, body: group });
    for (let nth = 0; nth < endpointsPerChat; nth += 1) {
      const path = `/${index}-${nth}`;
      const fifo = nth % 2 === 0;
      const settings = { scope: "chat", chatId, events: ["message.created"], fifo, retry, timeoutMs };
      const body = { url: receiver.url + path, ...settings };
      const made = await call<{ id: number; secret: string }>(base, "POST", "/v1/webhooks", { token, body });
      receiver.know(path, made.id, made.secret);
      hooks.push({ id: made.id, chatId, fifo });
    }
    return chatId;
  });
  return { hooks, chatIds };
}

/** Sends until it is acked. @returns its place */
async function insist(base: string, by: Person, chatId: number, body: object): Promise<number> {
  for (const startMs = performance.now(); ; await pause(againMs)) {
    try {
      const path = `/v1/chats/${chatId}/messages`;
      const { status, body: told } = await request<{ seq: number }>(base, "POST", path, {
        token: by.token(),
        body,
      });
      if (status < 300) return told.seq;
      if (status === 401) await by.renew(base);
      if (performance.now() - startMs > stageMsMax) throw new Error(`a message was answered ${status}`);
    } catch (error) {
      if (performance.now() - startMs > stageMsMax) throw error;
    }
  }
}

/** Resolves when nothing is pending, or it has been waited long enough: what is then pending is a fault. */
async function settle(rig: Rig, expected: number, tell: (line: string) => void): Promise<DeliveryState[]> {
  const isSettled = async (): Promise<boolean> => {
    const { rows } = await rig.store.query<{ open: number; all: number }>(
      `select count(*) as all, count(*) filter (where state = 'pending') as open from webhook_delivery`,
    );
    return rows[0]?.open === 0 && rows[0].all >= expected;
  };
  await until(isSettled, { withinMs: stageMsMax, what: "all deliveries" }).catch((error: unknown) =>
    tell(String(error)),
  );
  const { rows } = await rig.store.query<DeliveryState>(
    `select id, endpoint_id as "endpointId", state from webhook_delivery`,
  );
  return rows;
}

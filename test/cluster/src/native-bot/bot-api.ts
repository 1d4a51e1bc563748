/** A program that speaks for a bot of the cluster's own, with nothing but `fetch`. */
import assert from "node:assert/strict";
import type { ChatBody } from "@rookery/kit";
import { expect, type Person } from "../rest.ts";

/** A long poll waits 50 s at most. */
const callMsMax = 70_000;

export interface Envelope {
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error_code?: number;
  readonly description?: string;
}

/** Telegram's `Update`, as far as tests look. */
export interface Update {
  readonly update_id: number;
  readonly message?: BotMessage;
  readonly edited_message?: BotMessage;
  readonly callback_query?: {
    readonly id: string;
    readonly data: string;
    readonly from: { readonly id: number };
    readonly message: BotMessage;
  };
  readonly my_chat_member?: {
    readonly chat: { readonly id: number; readonly type: string };
    readonly from: { readonly id: number };
    readonly old_chat_member: { readonly status: string };
    readonly new_chat_member: { readonly status: string; readonly user: { readonly id: number } };
  };
  readonly chat_member?: object;
}

export interface BotMessage {
  readonly message_id: number;
  readonly text?: string;
  readonly from: { readonly id: number; readonly is_bot: boolean; readonly first_name: string };
  readonly chat: { readonly id: number; readonly type: string; readonly title?: string };
  readonly entities?: readonly { readonly type: string; readonly offset: number; readonly length: number }[];
  readonly reply_to_message?: BotMessage;
  readonly new_chat_members?: readonly { readonly id: number }[];
}

export interface Asked {
  readonly offset?: number;
  readonly limit?: number;
  readonly timeout?: number;
  readonly consumer?: string;
  readonly allowed_updates?: readonly string[];
}

export interface OwnBot {
  readonly id: number;
  readonly username: string;
  readonly token: string;
  readonly owner: Person;
  /** Any method on any edge, its first if none is said; whatever is answered. */
  call(method: string, parameters?: object, edge?: string): Promise<Envelope>;
  /** As `call`, where a refusal ends the test. */
  done<T>(method: string, parameters?: object, edge?: string): Promise<T>;
  /** What `getUpdates` answers. */
  updates(asked?: Asked, edge?: string): Promise<readonly Update[]>;
  /** Waits for updates, confirming what came before, until `count` are there. */
  take(count: number, asked?: Asked): Promise<readonly Update[]>;
}

let bots = 0;

export async function makeBot(
  edges: readonly string[],
  owner: Person,
  displayName = "Ours",
): Promise<OwnBot> {
  const [base = ""] = edges;
  // One word that no other begins with: bots are looked for by their names.
  const username = `own${process.pid}no${++bots}e_bot`;
  const body = { username, displayName, mode: "native" };
  const made = await expect<{ id: number; token: string }>(201, base, "POST", "/v1/bots", {
    token: owner.token,
    body,
  });
  let next = 0;
  const call: OwnBot["call"] = async (method, parameters = {}, edge = base) => {
    const response = await fetch(`${edge}/bot${made.token}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(parameters),
      signal: AbortSignal.timeout(callMsMax),
    });
    const envelope = (await response.json()) as Envelope;
    assert.equal(response.status, envelope.ok ? 200 : envelope.error_code);
    return envelope;
  };
  const done = async <T>(method: string, parameters: object = {}, edge = base): Promise<T> => {
    const { ok, result, description } = await call(method, parameters, edge);
    assert.ok(ok, `${method}: ${description}`);
    return result as T;
  };
  const updates = (asked: Asked = {}, edge = base) => done<readonly Update[]>("getUpdates", asked, edge);
  return {
    ...made,
    username,
    owner,
    call,
    done,
    updates,
    async take(count, asked = {}) {
      const taken: Update[] = [];
      while (taken.length < count) {
        const came = await updates({ timeout: 30, ...asked, offset: next, limit: count - taken.length });
        assert.ok(came.length > 0, `${taken.length} of ${count} updates came: ${JSON.stringify(taken)}`);
        taken.push(...came);
        next = (came.at(-1)?.update_id ?? 0) + 1;
      }
      return taken;
    },
  };
}

/** The direct chat of somebody with a bot. */
export async function talkTo(base: string, person: Person, bot: Pick<OwnBot, "id">): Promise<ChatBody> {
  const body = { type: "direct", memberIds: [bot.id] };
  return await expect<ChatBody>(201, base, "POST", "/v1/chats", { token: person.token, body });
}

/** Says it by REST, so that no socket is needed. */
export async function say(base: string, person: Person, chatId: number, body: string): Promise<number> {
  const path = `/v1/chats/${chatId}/messages`;
  const said = await expect<{ seq: number }>(201, base, "POST", path, {
    token: person.token,
    body: { body },
  });
  return said.seq;
}

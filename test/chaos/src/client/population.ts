/** The people and chats of a run. */
import { randomUUID } from "node:crypto";
import type { Random } from "@rookery/kit";
import { pause } from "../pause.ts";
import { call, request } from "./rest.ts";

/** Somebody with an account; their token is renewed when it ends. */
export interface Person {
  readonly userId: number;
  readonly name: string;
  token(): string;
  /** Logs in again there, once for all who ask meanwhile. Never rejects: the old token stays if it fails. */
  renew(base: string): Promise<void>;
}

export interface Room {
  readonly chatId: number;
  /** Never leaves. */
  readonly owner: Person;
  /** Changes as people are invited, removed and leave. */
  readonly members: Person[];
}

export interface Population {
  readonly people: readonly Person[];
  readonly rooms: readonly Room[];
}

export interface PopulationShape {
  readonly users: number;
  readonly chats: number;
  /** People in a chat at its beginning. */
  readonly membersPerChat: number;
}

interface Login {
  readonly user: { readonly id: number };
  readonly accessToken: string;
}

/** Password hashing takes a core; more at once only queue. */
const registersMax = 2;
const creationsMax = 8;
const triesMax = 20;
const retryMs = 250;

/** Registers people and makes their groups, each of random members. @throws when the cluster refuses. */
export async function makePopulation(
  edges: readonly string[],
  shape: PopulationShape,
  random: Random,
  tell: (line: string) => void,
): Promise<Population> {
  const run = random.integer(0, 0xff_ffff).toString(36);
  const edge = (index: number): string => edges[index % edges.length] ?? "";
  tell(`registering ${shape.users} people`);
  const people = await eachOf(shape.users, registersMax, (index) =>
    register(edge(index), `chaos_${run}_${Date.now().toString(36)}_${index}`),
  );
  tell(`making ${shape.chats} chats`);
  const casts = Array.from({ length: shape.chats }, () => cast(people, shape.membersPerChat, random));
  const rooms = await eachOf(shape.chats, creationsMax, async (index) => {
    const members = casts[index] ?? [];
    const [owner, ...others] = members;
    if (owner === undefined) throw new Error("a chat needs an owner");
    const body = { type: "group", memberIds: others.map((each) => each.userId), title: `chaos ${index}` };
    const options = { token: owner.token(), key: `c-${randomUUID()}`, body };
    const { id } = await insist(() => call<{ id: number }>(edge(index), "POST", "/v1/chats", options));
    return { chatId: id, owner, members };
  });
  return { people, rooms };
}

/** @throws when the cluster refuses. */
export async function register(base: string, name: string): Promise<Person> {
  const account = { email: `${name}@example.org`, username: name, password: `password of ${name}` };
  const login = await call<Login>(base, "POST", "/v1/auth/register", { body: account });
  let token = login.accessToken;
  let renewing: Promise<void> | undefined;
  const renew = async (at: string): Promise<void> => {
    const { email, password } = account;
    const { status, body } = await request<Login>(at, "POST", "/v1/auth/login", {
      body: { email, password },
    });
    if (status === 200) token = body.accessToken;
  };
  return {
    userId: login.user.id,
    name,
    token: () => token,
    async renew(at) {
      renewing ??= renew(at)
        .catch(() => undefined)
        .finally(() => {
          renewing = undefined;
        });
      await renewing;
    },
  };
}

/** A cluster with a bug in it may refuse what it should not; the verdict comes later. @throws the last refusal. */
async function insist<T>(task: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await task();
    } catch (error) {
      if (tries === triesMax) throw error;
      await pause(retryMs);
    }
  }
}

function cast(people: readonly Person[], count: number, random: Random): Person[] {
  const left = [...people];
  const chosen: Person[] = [];
  while (chosen.length < count && left.length > 0) {
    chosen.push(...left.splice(random.integer(0, left.length - 1), 1));
  }
  return chosen;
}

/** Runs `task` for 0 … count − 1, at most `width` at a time; results in order. */
export async function eachOf<T>(
  count: number,
  width: number,
  task: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      results[index] = await task(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
  return results;
}

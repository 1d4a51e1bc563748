/** A stranger's REST: global fetch, JSON in and out, nothing hidden; every answer is held against the document. */
import { randomBytes } from "node:crypto";
import type { ChatBody, MessageBody } from "@rookery/kit";
import { readDocument } from "./document.ts";

/** A request that hangs is a failure, not a wait. */
const requestTimeoutMs = 20_000;

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly text: string;
}

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export interface RequestOptions {
  readonly token?: string;
  readonly body?: unknown;
  /** Sent as it stands instead of `body`. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request. Any status is an answer; @throws when there is none in 20 s, or one the document does not tell of. */
export async function request<T>(
  base: string,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer<T>> {
  const headers = new Headers(options.headers);
  if (options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
  const payload = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  if (payload !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
  const response = await fetch(base + path, {
    method,
    headers,
    signal: AbortSignal.timeout(requestTimeoutMs),
    ...(payload === undefined ? {} : { body: payload }),
  });
  const text = await response.text();
  const { check } = await readDocument(base);
  const contentType = response.headers.get("content-type");
  const complaint = check({ method, path, status: response.status, contentType, text });
  if (complaint !== null) throw new Error(complaint);
  return { status: response.status, headers: response.headers, body: readJson(text) as T, text };
}

/** As `request`, where anything but the wanted status ends the test with what was answered. */
export async function expect<T>(
  status: number,
  base: string,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const answer = await request<T>(base, method, path, options);
  if (answer.status !== status) {
    throw new Error(`${method} ${path}: ${answer.status} instead of ${status}: ${answer.text.slice(0, 500)}`);
  }
  return answer.body;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Somebody with an account. */
export interface Person {
  readonly userId: number;
  readonly email: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
  readonly refreshToken: string;
}

interface LoginBody {
  readonly user: { readonly id: number };
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Registers under a name nobody has. */
export async function register(base: string, name: string): Promise<Person> {
  const username = `${name}_${randomBytes(5).toString("hex")}`;
  const account = { email: `${username}@example.org`, username, password: `password of ${name}` };
  const body = await expect<LoginBody>(201, base, "POST", "/v1/auth/register?refresh=body", {
    body: { ...account, displayName: name },
  });
  return { ...account, userId: body.user.id, token: body.accessToken, refreshToken: body.refreshToken };
}

/** @returns the person with a fresh access token. */
export async function login(base: string, person: Person): Promise<Person> {
  const body = await expect<LoginBody>(200, base, "POST", "/v1/auth/login?refresh=body", {
    body: { email: person.email, password: person.password },
  });
  return { ...person, token: body.accessToken, refreshToken: body.refreshToken };
}

export async function createDirect(base: string, from: Person, to: Person): Promise<ChatBody> {
  return await expect<ChatBody>(201, base, "POST", "/v1/chats", {
    token: from.token,
    body: { type: "direct", memberIds: [to.userId] },
  });
}

export async function createGroup(
  base: string,
  owner: Person,
  members: readonly Person[],
  title: string,
): Promise<ChatBody> {
  return await expect<ChatBody>(201, base, "POST", "/v1/chats", {
    token: owner.token,
    body: { type: "group", memberIds: members.map((member) => member.userId), title },
  });
}

interface MessagePage {
  readonly items: readonly MessageBody[];
  readonly nextCursor: string | null;
  readonly headSeq: number;
}

/** More pages than any test writes: a server that always says "more" ends the test. */
const historyPagesMax = 200;

/** The whole history of a chat above `after`, by full pages. */
export async function readHistory(
  base: string,
  person: Person,
  chatId: number,
  after = 0,
): Promise<{ readonly items: readonly MessageBody[]; readonly headSeq: number }> {
  const items: MessageBody[] = [];
  let position = after;
  for (let page = 0; page < historyPagesMax; page++) {
    const path = `/v1/chats/${chatId}/messages?after=${position}&limit=100`;
    const body = await expect<MessagePage>(200, base, "GET", path, { token: person.token });
    items.push(...body.items);
    const last = body.items.at(-1);
    if (last === undefined || last.seq >= body.headSeq) return { items, headSeq: body.headSeq };
    position = last.seq;
  }
  throw new Error(`the history of chat ${chatId} does not end after ${historyPagesMax} pages`);
}

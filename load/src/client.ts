/** Load clients: plain REST and plain sockets, JSON frames. */
import { WebSocket } from "ws";

export interface User {
  readonly id: number;
  readonly token: string;
}

export interface Chat {
  readonly id: number;
  readonly headSeq: number;
}

const requestMsMax = 30_000;
const helloMsMax = 20_000;

/** @throws when the answer is no 2xx, with its text. */
export async function call<T>(
  base: string,
  method: string,
  path: string,
  options: { readonly token?: string; readonly body?: unknown } = {},
): Promise<T> {
  const response = await fetch(base + path, {
    method,
    headers: {
      "content-type": "application/json",
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    },
    signal: AbortSignal.timeout(requestMsMax),
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

export async function register(base: string, name: string): Promise<User> {
  const answer = await call<{ user: { id: number }; accessToken: string }>(
    base,
    "POST",
    "/v1/auth/register",
    {
      body: { email: `${name}@example.org`, username: name, password: `password of ${name}` },
    },
  );
  return { id: answer.user.id, token: answer.accessToken };
}

/** A group and its head once it is made. */
export async function createChat(
  base: string,
  owner: User,
  others: readonly User[],
  title: string,
): Promise<Chat> {
  const { id } = await call<{ id: number }>(base, "POST", "/v1/chats", {
    token: owner.token,
    body: { type: "group", memberIds: others.map((user) => user.id), title },
  });
  return await call<Chat>(base, "GET", `/v1/chats/${id}`, { token: owner.token });
}

export interface ServerFrame {
  readonly type: string;
  readonly uuid: string;
  readonly chatId: number;
  readonly seq: number;
  readonly duplicate: boolean;
  readonly code: string;
}

export interface Connection {
  send(uuid: string, chatId: number, body: string): void;
  close(): void;
}

/**
 * Opens a socket and waits for its `Hello`; `onFrame` gets every later frame as it arrives, `onClose` an end
 * that was not asked for.
 */
export async function connect(
  base: string,
  token: string,
  on: {
    readonly frame: (frame: ServerFrame, atMs: number) => void;
    readonly close: (code: number) => void;
  },
): Promise<Connection> {
  const url = new URL("/v1/ws?device=load", base.replace(/^http/, "ws"));
  const ws = new WebSocket(url, ["rookery.v1.json", `bearer.${token}`], { perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no Hello in ${helloMsMax} ms`)), helloMsMax);
    ws.on("error", reject);
    ws.on("close", (code) => {
      reject(new Error(`closed with ${code}`));
      on.close(code);
    });
    ws.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString("utf8")) as ServerFrame;
      if (frame.type === "Hello") {
        clearTimeout(timer);
        resolve();
      } else on.frame(frame, performance.now());
    });
  });
  return {
    send(uuid, chatId, body) {
      ws.send(JSON.stringify({ type: "SendMessage", uuid, chatId, body }));
    },
    close() {
      ws.removeAllListeners("close");
      ws.close(1000);
    },
  };
}

/** Runs `task` for every item, at most `width` at a time, in order of the items; `onDone` after each. */
export async function eachOf<T, R>(
  items: readonly T[],
  width: number,
  task: (item: T, index: number) => Promise<R>,
  onDone: (count: number) => void = () => {},
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let count = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await task(items[index] as T, index);
      onDone(++count);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}

/** Load clients: plain REST and plain sockets, JSON frames. */
import { peekFrame } from "./peek.ts";
import { type Door, openRawSocket, type RawSocket } from "./socket/raw-socket.ts";

export interface User {
  readonly id: number;
  readonly token: string;
}

export interface Chat {
  readonly id: number;
  readonly headSeq: number;
}

const requestMsMax = 30_000;
const helloMsMax = 60_000;

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

/** As many as one request takes. */
const invitesMax = 200;

/** A group and its head once it is made. */
export async function createChat(
  base: string,
  owner: User,
  others: readonly User[],
  title: string,
): Promise<Chat> {
  const { token } = owner;
  const ids = others.map((user) => user.id);
  const { id } = await call<{ id: number }>(base, "POST", "/v1/chats", {
    token,
    body: { type: "group", memberIds: ids.slice(0, invitesMax), title },
  });
  for (let at = invitesMax; at < ids.length; at += invitesMax) {
    const body = { userIds: ids.slice(at, at + invitesMax) };
    await call(base, "POST", `/v1/chats/${id}/invite`, { token, body });
  }
  return await call<Chat>(base, "GET", `/v1/chats/${id}`, { token });
}

/** What of the server's frames is looked at; a `Receipt` is its mark itself. */
export interface ServerFrame extends Mark {
  readonly type: string;
  readonly uuid: string;
  readonly chatId: number;
  readonly seq: number;
  readonly duplicate: boolean;
  readonly code: string;
  /** Of a `Receipts`. */
  readonly receipts: readonly Mark[];
}

export interface Mark {
  readonly userId: number;
  readonly readSeq: number;
}

export interface Connection {
  send(uuid: string, chatId: number, body: string): void;
  /** Several messages in one write. */
  sendAll(uuids: readonly string[], chatId: number, body: string): void;
  read(chatId: number, seq: number): void;
  close(): Promise<void>;
  /** Ends without a goodbye, as a machine does that loses its network. */
  cut(): void;
}

export interface ConnectionEvents {
  /** Each frame after `Hello`, as it arrives. */
  readonly frame: (frame: ServerFrame, atMs: number, bytes: number) => void;
  /** An end that was not asked for. */
  readonly close: (code: number) => void;
  /** Bytes came, however many frames. */
  readonly read?: () => void;
}

/** How a server wraps our frames. */
export type Dialect = "rookery" | "socket.io";

/** Opens a socket and waits for its `Hello`. */
export async function connect(
  base: string,
  token: string,
  on: ConnectionEvents,
  dialect: Dialect = "rookery",
): Promise<Connection> {
  const hello = Promise.withResolvers<void>();
  let greeted = false;
  const timer = setTimeout(() => hello.reject(new Error(`no Hello in ${helloMsMax} ms`)), helloMsMax);
  // A refused upgrade is told by `openRawSocket`; nobody waits for Hello then.
  hello.promise.catch(() => {});
  const speak = dialect === "rookery" ? speakRookery : speakSocketIo;
  try {
    const socket = await openRawSocket(speak.door(base, token), {
      text(payload, opened) {
        const heard = speak.hear(payload, (packet) => opened.send(packet), token);
        if (heard === null) return;
        const frame = peekFrame(heard);
        if (greeted) return on.frame(frame, performance.now(), heard.length);
        if (frame.type !== "Hello") return hello.reject(new Error(`${frame.type} came before Hello`));
        greeted = true;
        hello.resolve();
      },
      close(code) {
        if (greeted) on.close(code);
        else hello.reject(new Error(`closed with ${code} before Hello`));
      },
      ...(on.read === undefined ? {} : { read: on.read }),
    });
    await hello.promise;
    return connectionOver(socket, speak.say);
  } finally {
    clearTimeout(timer);
  }
}

function connectionOver(socket: RawSocket, say: (frame: object) => string): Connection {
  return {
    send: (uuid, chatId, body) => socket.send(say({ type: "SendMessage", uuid, chatId, body })),
    sendAll: (uuids, chatId, body) =>
      socket.sendAll(uuids.map((uuid) => say({ type: "SendMessage", uuid, chatId, body }))),
    read: (chatId, seq) => socket.send(say({ type: "Read", chatId, seq })),
    close: () => socket.close(),
    cut: () => socket.cut(),
  };
}

interface Speech {
  readonly door: (base: string, token: string) => Door;
  /** The frame in what came; null when it is the wrapping's own business. */
  readonly hear: (payload: Buffer, answer: (packet: string) => void, token: string) => Buffer | null;
  readonly say: (frame: object) => string;
}

const speakRookery: Speech = {
  door: (base, token) => ({
    url: new URL("/v1/ws?device=load", base),
    protocols: ["rookery.v1.json", `bearer.${token}`],
  }),
  hear: (payload) => payload,
  say: (frame) => JSON.stringify(frame),
};

/** Engine.IO 4 and Socket.IO 5: `0{…}` opens, `40` joins, `2` is a ping, `42["m",frame]` an event. */
const eventHead = '42["m",';
const speakSocketIo: Speech = {
  door: (base) => ({ url: new URL("/socket.io/?EIO=4&transport=websocket", base), protocols: [] }),
  hear(payload, answer, token) {
    const [first, second] = payload;
    if (first === 0x30) answer(`40${JSON.stringify({ token })}`);
    else if (first === 0x32) answer("3");
    else if (first === 0x34 && second === 0x32) return payload.subarray(eventHead.length, payload.length - 1);
    return null;
  },
  say: (frame) => `${eventHead}${JSON.stringify(frame)}]`,
};

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

/** The same people, sockets and chats for whoever serves. */
import { randomBytes } from "node:crypto";
import { connect, createChat, type Dialect, eachOf, register, type ServerFrame } from "./client.ts";
import type { Stage, StageChat } from "./drive.ts";
import { createTimeHistogram } from "./histogram.ts";

export interface StageShape {
  readonly sockets: number;
  readonly users: number;
  readonly chats: number;
  /** People in a chat; each with all their sockets. */
  readonly members: number;
}

/** Password hashing takes both cores of a small machine; more at once only queue. */
const registersMax = 4;
const opensMaxDefault = 50;

/** Registers, makes the chats, opens the sockets. `tell` gets a line now and then. */
export async function setStage(
  edges: readonly string[],
  shape: StageShape,
  tell: (line: string) => void,
): Promise<Stage> {
  const edge = (index: number): string => edges[index % edges.length] as string;
  const run = randomBytes(4).toString("hex");
  const names = Array.from({ length: shape.users }, (_, index) => `load_${run}_${index}`);
  const users = await eachOf(
    names,
    registersMax,
    (name, index) => register(edge(index), name),
    (count) => tell(`registered ${count} of ${shape.users}`),
  );
  const owners = Array.from({ length: shape.chats }, (_, index) => index % shape.users);
  const membersOf = (owner: number): number[] =>
    Array.from({ length: shape.members }, (_, step) => (owner + step) % shape.users);
  const made = await eachOf(
    owners,
    registersMax,
    (owner, index) => {
      const [first, ...others] = membersOf(owner).map((member) => users[member]);
      if (first === undefined) throw new Error("a chat needs an owner");
      const there = others.filter((user) => user !== undefined);
      return createChat(edge(index), first, there, `load ${index}`);
    },
    (count) => tell(`made ${count} of ${shape.chats} chats`),
  );
  const userOf = Array.from({ length: shape.sockets }, (_, index) => index % shape.users);
  const chats: StageChat[] = made.map((chat, index) => {
    const members = new Set(membersOf(owners[index] ?? 0));
    const readers = userOf.flatMap((user, socket) => (members.has(user) ? [socket] : []));
    return { id: chat.id, headSeq: chat.headSeq, readers };
  });
  const stage = await openStage(
    userOf.map((user, index) => ({
      base: edge(Math.floor(index / shape.users)),
      token: users[user]?.token ?? "",
    })),
    chats,
    { onOpen: (count) => tell(`opened ${count} of ${shape.sockets} sockets`) },
  );
  return stage;
}

export interface StageDoor {
  readonly base: string;
  readonly token: string;
  readonly dialect?: Dialect;
}

/** Opens a socket for each of `doors` and wires them to the ledger of the running phase. */
export async function openStage(
  doors: readonly StageDoor[],
  chats: readonly StageChat[],
  options: { readonly opensMax?: number; readonly onOpen?: (count: number) => void } = {},
): Promise<Stage> {
  const lost: string[] = [];
  const hellos = createTimeHistogram();
  const box: Pick<Stage, "ledger" | "reads"> = { ledger: undefined, reads: 0 };
  const startMs = performance.now();
  const sockets = await eachOf(
    doors,
    options.opensMax ?? opensMaxDefault,
    async (door, reader) => {
      const openMs = performance.now();
      const read = (): void => void (box.reads += 1);
      const on = {
        read,
        frame(frame: ServerFrame, atMs: number) {
          if (frame.type === "Message") {
            // Whatever comes when nothing is due is a message too many.
            if (box.ledger === undefined) lost.push(`socket ${reader} got ${frame.uuid} when none was due`);
            else box.ledger.delivered(reader, frame, atMs);
          }
          if (frame.type === "Ack") box.ledger?.acked(frame, atMs);
          else if (frame.type === "Error") box.ledger?.refused(frame.uuid, frame.code);
        },
        close: (code: number) => void lost.push(`socket ${reader} was closed with ${code}`),
      };
      const connection = await connect(door.base, door.token, on, door.dialect);
      hellos.record(performance.now() - openMs);
      return connection;
    },
    options.onOpen,
  );
  const openMs = performance.now() - startMs;
  return Object.assign(box, { sockets, chats, lost, openMs, hellos: hellos.percentiles() });
}

export async function closeStage(stage: Stage): Promise<void> {
  await Promise.all(stage.sockets.map((socket) => socket.close()));
}

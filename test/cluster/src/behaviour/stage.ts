/** What a behaviour is given: a cluster of some shape, a wire format, people, and sockets that end with it. */
import type { Format } from "../codec.ts";
import type { Cluster } from "../cluster.ts";
import { type Person, register } from "../rest.ts";
import { openSocket, type Socket, type SocketOptions } from "../socket.ts";

/** A sentence about the cluster, and what shows it. */
export type Behaviours = Readonly<Record<string, (stage: Stage) => Promise<void>>>;

/** People of one cluster, who have met in many chats before. */
export type Cast = Readonly<Record<"ann" | "bob" | "carl" | "dora" | "eve", Person>>;

type OpenOptions = Partial<Omit<SocketOptions, "token">>;

export interface Stage {
  readonly format: Format;
  readonly cast: Cast;
  /** The first edge. */
  readonly base: string;
  /** The edges in turn. */
  edge(index: number): string;
  /** Somebody who is in no chat. */
  newcomer(name: string): Promise<Person>;
  /** What is costly to make and not changed by whoever uses it: made once a cluster. */
  once<T>(name: string, make: () => Promise<T>): Promise<T>;
  /** A socket in the format of the run, at the edges in turn unless told otherwise; closed when the behaviour ends. */
  open(person: Person, options?: OpenOptions): Promise<Socket>;
  close(): Promise<void>;
}

export async function makeCast(base: string): Promise<Cast> {
  const [ann, bob, carl, dora, eve] = (await Promise.all(
    ["ann", "bob", "carl", "dora", "eve"].map((name) => register(base, name)),
  )) as [Person, Person, Person, Person, Person];
  return { ann, bob, carl, dora, eve };
}

export function openStage(
  cluster: Cluster,
  cast: Cast,
  format: Format,
  kept: Map<string, Promise<unknown>>,
): Stage {
  const sockets: Socket[] = [];
  const edge = (index: number): string => cluster.edges[index % cluster.edges.length] as string;
  return {
    format,
    cast,
    base: edge(0),
    edge,
    newcomer: (name) => register(edge(0), name),
    async once<T>(name: string, make: () => Promise<T>) {
      const made = (kept.get(name) as Promise<T> | undefined) ?? make();
      kept.set(name, made);
      return await made;
    },
    async open(person, options) {
      const turn = sockets.length;
      const socket = await openSocket({ base: edge(turn), token: person.token, format, ...options });
      sockets.push(socket);
      return socket;
    },
    async close() {
      await Promise.all(sockets.map((socket) => socket.close()));
    },
  };
}

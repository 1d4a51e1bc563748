/** What `rookery status` shows, made of what was read and heard. Pure. */
import type { Backlog, Ownership, ShardKind } from "@rookery/store";
import type { HeardProcess } from "./cluster-watch.ts";
import { type Column, encodeTable } from "./text-table.ts";

export interface ProcessView extends HeardProcess {
  /** Null of edges, which own none. */
  readonly shards: number | null;
  /** Of workers, the sum over its shards; null while it has not told of all. */
  readonly lag: number | null;
  /** Of edges; null while it has not told. */
  readonly sockets: number | null;
}

export interface StatusView {
  readonly ok: boolean;
  /** In words; empty when `ok`. */
  readonly missing: readonly string[];
  /** Null when NATS does not answer, by which they are heard. */
  readonly processes: readonly ProcessView[] | null;
  readonly shards: Readonly<Record<ShardKind, { readonly total: number; readonly owned: number }>>;
  readonly backlog: Backlog;
  /** The commands the log still holds, applied or not; null when it does not answer. */
  readonly log: { readonly messages: number; readonly bytes: number } | null;
}

/** What was read and heard. */
export interface Sight {
  readonly processes: readonly HeardProcess[] | null;
  readonly lagOf: (shard: number, epoch: number) => number | null;
  readonly socketsOf: (edge: string) => number | null;
  readonly shards: Readonly<Record<ShardKind, readonly Ownership[]>>;
  readonly backlog: Backlog;
  readonly log: StatusView["log"];
  /** Whether it answers. */
  readonly redis: boolean;
}

const roles = ["edge", "worker", "courier"] as const;
const kindOf = { edge: null, worker: "log", courier: "job" } as const;

export function viewStatus(sight: Sight): StatusView {
  const processes = sight.processes?.map((each) => viewProcess(each, sight)) ?? null;
  const ids = new Set(sight.processes?.map(({ id }) => id));
  // Who is silent owns by name only; nobody can be called so while nobody can be heard.
  const isOwned = ({ owner }: Ownership): boolean =>
    owner !== null && (sight.processes === null || ids.has(owner));
  const count = (kind: ShardKind): { total: number; owned: number } => ({
    total: sight.shards[kind].length,
    owned: sight.shards[kind].filter(isOwned).length,
  });
  const shards = { log: count("log"), job: count("job") };
  const missing = [
    ...(processes === null ? ["NATS does not answer, so the processes are not heard"] : []),
    ...(sight.redis ? [] : ["Redis does not answer"]),
    ...(processes === null ? [] : roles.filter((role) => !isServed(processes, role))).map(
      (role) => `no ${role} is alive`,
    ),
    ...(["log", "job"] as const).flatMap((kind) => {
      const { total, owned } = shards[kind];
      return owned === total
        ? []
        : [`${total - owned} of ${total} ${kind} shards have no owner that is alive`];
    }),
  ];
  return { ok: missing.length === 0, missing, processes, shards, backlog: sight.backlog, log: sight.log };
}

/** Whoever leaves is on its way out. */
function isServed(processes: readonly ProcessView[], role: ProcessView["role"]): boolean {
  return processes.some((each) => each.role === role && !each.leaving);
}

function viewProcess(heard: HeardProcess, { shards, lagOf, socketsOf }: Sight): ProcessView {
  const kind = kindOf[heard.role];
  const owned = kind === null ? [] : shards[kind].filter(({ owner }) => owner === heard.id);
  const lags = kind === "log" ? owned.map(({ id, epoch }) => lagOf(id, epoch)) : [null];
  return {
    ...heard,
    shards: kind === null ? null : owned.length,
    lag: lags.reduce((sum, lag) => (sum === null || lag === null ? null : sum + lag), 0),
    sockets: heard.role === "edge" ? socketsOf(heard.id) : null,
  };
}

const columns: readonly Column<ProcessView>[] = [
  { title: "process", cell: ({ id }) => id },
  { title: "role", cell: ({ role, leaving }) => (leaving ? `${role}, leaving` : role) },
  { title: "shards", align: "right", cell: ({ shards }) => figure(shards) },
  { title: "lag", align: "right", cell: ({ lag }) => figure(lag) },
  { title: "sockets", align: "right", cell: ({ sockets }) => figure(sockets) },
  { title: "loop ms", align: "right", cell: ({ delayMs }) => figure(delayMs) },
];

function figure(value: number | null): string {
  return value === null ? "-" : String(value);
}

/** First whether all is there, then who is alive, then what waits. */
export function encodeStatus({ ok, missing, processes, shards, backlog, log }: StatusView): string[] {
  const ordered = (processes ?? []).toSorted(
    (one, other) => roles.indexOf(one.role) - roles.indexOf(other.role) || one.id.localeCompare(other.id),
  );
  const owned = (["log", "job"] as const).map(
    (kind) => `${shards[kind].owned} of ${shards[kind].total} ${kind}`,
  );
  const held = log === null ? "unknown" : `${log.messages} messages, ${Math.ceil(log.bytes / 1_024)} KiB`;
  return [
    ok ? "all is there" : "something is missing:",
    ...missing.map((what) => `  ${what}`),
    "",
    ...(ordered.length === 0 ? [] : [...encodeTable(ordered, columns), ""]),
    `shards with an owner      ${owned.join(", ")}`,
    `log of commands           ${held}`,
    `commands between actors   ${backlog.relays} not applied`,
    `sends to Telegram         ${backlog.telegramSends} open`,
    `deliveries of webhooks    ${backlog.webhookDeliveries} open`,
    `dead letters              ${backlog.deadLetters}`,
  ];
}

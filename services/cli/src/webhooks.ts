import { ConfigError, type Env, readInteger } from "@rookery/runtime";
import {
  countDeliveries,
  type DeliveryRow,
  listDeliveries,
  recoverDeliveries,
  replayDelivery,
} from "@rookery/store";
import { type Command, type ParsedFlags, parseFlags } from "./command.ts";
import { withRunningCluster } from "./running-cluster.ts";
import { type Column, encodeTable } from "./text-table.ts";

const limitDefault = 50;
const limitMax = 10_000;
/** Sent again by one call for an endpoint; a second one takes up what is left. */
const replaysMax = 1_000_000;

export const webhooks: Command = {
  name: "webhooks",
  summary: "lists deliveries that wait or are dead, and sends them again",
  usage: [
    "Usage: rookery webhooks pending|dead [--endpoint 5] [--since 2h] [--limit 50] [--json]",
    "       rookery webhooks replay <delivery>… | --endpoint 5 [--since 2h]",
    "",
    "  pending  deliveries to be made or tried again, the newest first, and how many there are",
    "  dead     those given up after all their attempts",
    "  replay   sends deliveries again, under the same webhook-id; of an endpoint what is dead",
    "",
    "  --since  only what happened since: a time such as 2026-11-21T14:00:00Z, or 90m, 2h, 3d ago",
    "  --data   data folder whose cluster is meant when DATABASE_URL is not set (.rookery)",
    "",
  ].join("\n"),

  async run(args, env) {
    const flags = parseFlags(args, ["data", "endpoint", "since", "limit"], ["json"]);
    const [action, ...rest] = flags.positionals;
    if ((action === "pending" || action === "dead") && rest.length === 0)
      return await list(action, flags, env);
    if (action === "replay") return await replay(rest, flags, env);
    throw new ConfigError("say what to do: pending, dead, or replay <delivery>… | --endpoint 5");
  },
};

async function list(state: "pending" | "dead", { values, switches }: ParsedFlags, env: Env): Promise<number> {
  const range = { fallback: limitDefault, min: 1, max: limitMax };
  const limit = readInteger({ "--limit": values["limit"] }, "--limit", range);
  const asked = {
    endpointId: readEndpoint(values["endpoint"]),
    status: state,
    sinceMs: readSince(values["since"]),
  };
  const { rows, total } = await withRunningCluster({ data: values["data"], env }, async ({ store }) => ({
    rows: await listDeliveries(store, asked, { before: null, limit }),
    total: await countDeliveries(store, asked),
  }));
  if (switches.has("json")) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else if (total === 0) process.stdout.write("no deliveries\n");
  else process.stdout.write(`${encodeTable(rows, columns).join("\n")}\n`);
  if (total > rows.length && !switches.has("json")) {
    process.stdout.write(`… ${total - rows.length} more; see --limit\n`);
  }
  return 0;
}

/** @returns 1 when one of those named is not there. */
async function replay(ids: readonly string[], { values }: ParsedFlags, env: Env): Promise<number> {
  const endpointId = readEndpoint(values["endpoint"]);
  if ((endpointId === null) !== ids.length > 0) {
    throw new ConfigError("replay what? Give ids of deliveries, or --endpoint");
  }
  const sinceMs = readSince(values["since"]);
  return await withRunningCluster({ data: values["data"], env }, async ({ store }) => {
    if (endpointId !== null) {
      const asked = { endpointId, sinceMs, untilMs: Date.now(), delivered: false, limit: replaysMax };
      const count = await recoverDeliveries(store, asked, Date.now);
      process.stdout.write(`${count} deliveries go again\n`);
      return 0;
    }
    let missing = 0;
    for (const id of ids) {
      const found = await replayDelivery(store, id, Date.now());
      process.stdout.write(`${id}: ${words[found]}\n`);
      if (found === "missing") missing += 1;
    }
    return missing > 0 ? 1 : 0;
  });
}

const words = {
  again: "goes again",
  pending: "is under way already",
  missing: "there is no such delivery",
} as const;

function readEndpoint(text: string | undefined): number | null {
  if (text === undefined) return null;
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id < 1) throw new ConfigError(`${text} is no id of an endpoint`);
  return id;
}

const unitsMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function readSince(text: string | undefined): number {
  if (text === undefined) return 0;
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return Date.now() - Number(count) * unitsMs[unit as keyof typeof unitsMs];
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new ConfigError(`--since ${text} must be such as 2026-11-21T14:00:00Z, 90m, 2h or 3d`);
  return atMs;
}

const columns: readonly Column<DeliveryRow>[] = [
  { title: "delivery", widthMax: 64, cell: ({ id }) => id },
  { title: "endpoint", align: "right", cell: ({ endpointId }) => String(endpointId) },
  { title: "type", cell: ({ type }) => type },
  { title: "made", cell: ({ createdMs }) => new Date(createdMs).toISOString() },
  { title: "attempts", align: "right", cell: ({ attempts }) => String(attempts) },
  {
    title: "next",
    cell: ({ state, nextMs }) => (state === "pending" ? new Date(nextMs).toISOString() : "-"),
  },
  {
    title: "last",
    widthMax: 48,
    cell: ({ status, error }) => error ?? (status === null ? "-" : String(status)),
  },
];

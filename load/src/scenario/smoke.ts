/**
 * Smoke: many sockets in few chats; every reader must get every message once and in order.
 *
 * Half the messages go at a steady rate (latency as people feel it), half as quickly as acks allow (throughput).
 * The same sockets, chats and frames are then driven against a bare server: the control.
 */
import { parseArgs } from "node:util";
import { startCluster } from "@rookery/kit";
import { ConfigError, readInteger } from "@rookery/runtime";
import { drive, type PhaseReport, type Stage } from "../drive.ts";
import { createProgress, type Progress } from "../progress.ts";
import { closeStage, openStage, setStage, type StageShape } from "../stage.ts";
import { startControl } from "./control.ts";

interface SmokeConfig extends StageShape {
  readonly messages: number;
  readonly perSecond: number;
  readonly unackedMax: number;
  readonly urls: readonly string[];
  readonly edges: number;
  readonly workers: number;
  readonly asJson: boolean;
  readonly control: boolean;
}

/** Messages a chat gets before anything is timed. */
const warmUpEach = 5;

interface Row {
  readonly name: string;
  readonly report: PhaseReport;
}

export const smokeUsage = `npm run load -- smoke [flags]
  --sockets 200    open sockets, dealt over the users
  --users 40       accounts; each has sockets/users devices
  --chats 40       groups
  --members 2      people in a chat, each with all devices
  --messages 2000  half at --rate, half as quickly as acks allow
  --rate 200       messages a second of the first half
  --window 256     unacknowledged messages of the second half
  --edges 1 --workers 1   of the cluster it starts
  --url …          a running cluster instead (may be given again for further edges)
  --no-control     leave out the bare server
  --json           one JSON object on standard output`;

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runSmoke(args: readonly string[]): Promise<number> {
  const config = readSmokeConfig(args);
  const tell = createProgress();
  const cluster =
    config.urls.length > 0 ? undefined : await startCluster({ edges: config.edges, workers: config.workers });
  if (cluster !== undefined) tell(`cluster at ${cluster.edges.join(" ")}`, true);
  const rows: Row[] = [];
  try {
    const stage = await setStage(cluster?.edges ?? config.urls, config, tell);
    tell(`${config.sockets} sockets of ${config.users} users in ${config.chats} chats`, true);
    rows.push(...(await driveBoth(stage, "rookery", config, tell)));
    await closeStage(stage);
    if (config.control) rows.push(...(await driveControl(stage, config, tell)));
  } finally {
    await cluster?.close();
  }
  const faultCount = rows.reduce((sum, { report }) => sum + report.faultCount, 0);
  process.stdout.write(config.asJson ? `${JSON.stringify(asObject(config, rows))}\n` : asTable(rows));
  return faultCount === 0 ? 0 : 1;
}

async function driveBoth(stage: Stage, name: string, config: SmokeConfig, tell: Progress): Promise<Row[]> {
  const steady = Math.ceil(config.messages / 2);
  // The first messages pay for compilation on both sides: checked like the others, left out of the figures.
  const warm = await drive(stage, "warm", warmUpEach * stage.chats.length, {
    pace: { kind: "window", unackedMax: 8 },
  });
  tell(`${name}: ${steady} messages at ${config.perSecond} a second`, true);
  const paced = await drive(stage, "paced", steady, { pace: { kind: "rate", perSecond: config.perSecond } });
  tell(`${name}: ${config.messages - steady} messages as quickly as they are acked`, true);
  const flood = await drive(stage, "flood", config.messages - steady, {
    pace: { kind: "window", unackedMax: config.unackedMax },
  });
  return [
    { name: `${name}, steady`, report: withFaultsOf(warm, paced) },
    { name: `${name}, flood`, report: flood },
  ];
}

function withFaultsOf(early: PhaseReport, report: PhaseReport): PhaseReport {
  return {
    ...report,
    faultCount: early.faultCount + report.faultCount,
    faults: [...early.faults, ...report.faults],
  };
}

/** The same readers of the same chats, from 1 on, against the bare server. */
async function driveControl(like: Stage, config: SmokeConfig, tell: Progress): Promise<Row[]> {
  const server = await startControl();
  try {
    const chats = like.chats.map(({ id, readers }) => ({ id, readers, headSeq: 0 }));
    const doors = like.sockets.map((_, socket) => ({
      base: server.url,
      token: chats.flatMap(({ id, readers }) => (readers.includes(socket) ? [id] : [])).join("."),
    }));
    const stage = await openStage(doors, chats);
    const rows = await driveBoth(stage, "control", config, tell);
    await closeStage(stage);
    return rows;
  } finally {
    await server.close();
  }
}

function readSmokeConfig(args: readonly string[]): SmokeConfig {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sockets: { type: "string" },
      users: { type: "string" },
      chats: { type: "string" },
      members: { type: "string" },
      messages: { type: "string" },
      rate: { type: "string" },
      window: { type: "string" },
      edges: { type: "string" },
      workers: { type: "string" },
      url: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
      "no-control": { type: "boolean", default: false },
    },
  });
  const { url = [], json, "no-control": noControl, ...numbers } = values;
  const read = (name: keyof typeof numbers, fallback: number, max: number): number =>
    readInteger(numbers, name, { fallback, min: 1, max });
  const sockets = read("sockets", 200, 15_000);
  const users = read("users", Math.min(40, sockets), sockets);
  const members = read("members", Math.min(2, users), users);
  if (members < 2) throw new ConfigError("a chat needs two members at least");
  return {
    sockets,
    users,
    members,
    chats: read("chats", 40, 100_000),
    messages: read("messages", 2_000, 10_000_000),
    perSecond: read("rate", 200, 100_000),
    unackedMax: read("window", 256, 100_000),
    edges: read("edges", 1, 16),
    workers: read("workers", 1, 16),
    urls: url,
    asJson: json,
    control: !noControl,
  };
}

function ms(value: number): string {
  return value.toFixed(1).padStart(8);
}

function asTable(rows: readonly Row[]): string {
  const head = "                    msg/s  deliv/s   ack p50      p99    deliv p50      p99   (ms)";
  const lines = rows.map(({ name, report }) =>
    [
      name.padEnd(16),
      report.messagesPerSecond.toFixed(0).padStart(9),
      report.deliveriesPerSecond.toFixed(0).padStart(9),
      ` ${ms(report.acks.p50Ms)} ${ms(report.acks.p99Ms)}`,
      `    ${ms(report.deliveries.p50Ms)} ${ms(report.deliveries.p99Ms)}`,
    ].join(""),
  );
  const verdicts = rows.map(({ name, report }) =>
    report.faultCount === 0
      ? `${name}: ${report.messages} messages acked, ${report.deliveries.count} deliveries, each once and in order`
      : `${name}: ${report.faultCount} faults:\n  ${report.faults.join("\n  ")}`,
  );
  return `${[head, ...lines, "", ...verdicts].join("\n")}\n`;
}

function asObject(config: SmokeConfig, rows: readonly Row[]): object {
  const { sockets, users, chats, members, messages } = config;
  return { scenario: "smoke", sockets, users, chats, members, messages, rows };
}

/** The lines of GOALS, how each is measured, and what limits it as far as profiles have shown. */

export interface Goal {
  readonly id: string;
  readonly what: string;
  /** The scenario whose figures are kept under its name, and its flags for a short run. */
  readonly scenario: string;
  readonly short: readonly string[];
  readonly first: string;
  readonly later: string;
  readonly limit: string;
}

export const goals: readonly Goal[] = [
  {
    id: "P1",
    what: "fan-out: frames delivered in a CPU second of the edge",
    scenario: "fan-out",
    short: ["--size", "1000", "--size", "5000", "--rounds", "5", "--deliveries", "100000"],
    first: "≥ 0.6 of raw uWS; ≥ 5 × Socket.IO",
    later: "≥ 0.9; ≥ 3 × naive raw; ≥ 10 × Socket.IO",
    limit: "the kernel's send, one a socket and turn; beside it what an edge does while nothing is said",
  },
  {
    id: "P2",
    what: "memory of an idle socket whose user is in 20 chats",
    scenario: "idle",
    short: ["--sockets", "3000"],
    first: "≤ 4 KB",
    later: "≤ 2 KB",
    limit: "uWS' own 0.7 KB; 32 bytes and the slack of two arrays a chat; what is remembered of a user",
  },
  {
    id: "P3",
    what: "durable throughput, 1,000 chats of 5",
    scenario: "direct",
    short: [],
    first: "≥ 10,000 msg/s or ≥ 0.4 of the slower of append and insert",
    later: "≥ 0.7",
    limit:
      "CPU: a write of the kernel's a socket and turn, at both its ends, is half of it; see the CPU rows",
  },
  {
    id: "P4",
    what: "latency at 1,000 messages a second, 10,000 sockets",
    scenario: "latency",
    short: ["--seconds", "5"],
    first: "p50 ≤ 5 ms, p99 ≤ 25 ms",
    later: "p99 ≤ control + 5 ms",
    limit: "turns of six processes on two cores; one append, one commit, two hops",
  },
  {
    id: "P5",
    what: "CPU of a message at half the throughput of P3, large against small",
    scenario: "growth",
    short: ["--rounds", "3", "--seconds", "3", "--length", "100000", "--crowd", "20000"],
    first: "≤ + 20 %",
    later: "≤ + 10 %",
    limit:
      "eight workers make smaller commits, and idle; a message that comes alone costs what it wakes, eight times as much (--rate 300, PROFILE.md)",
  },
  {
    id: "P6",
    what: "receipts of 1,000 members",
    scenario: "receipts",
    short: ["--messages", "3"],
    first: "≥ 20 × fewer rows and frames",
    later: "≥ 50 ×",
    limit: "windows of 50 ms: reads that are further apart are not batched",
  },
  {
    id: "P7",
    what: "Telegram's update to a frame on another edge",
    scenario: "telegram",
    short: ["--seconds", "5"],
    first: "p99 ≤ 25 ms at 1,000/s, ≥ 3,000/s",
    later: "p99 ≤ 15 ms at 2,000/s, ≥ 4,000/s",
    limit:
      "turns of seven processes on two cores: V8's compiling and collecting in one of them holds up all behind it",
  },
  {
    id: "P8",
    what: "Bot API sendMessage",
    scenario: "bot-api",
    short: ["--calls", "5000", "--rounds", "5"],
    first: "≥ 2,000/s",
    later: "≥ 4,000/s",
    limit:
      "CPU of one commit, four questions to Postgres and one frame, of which calls of a moment share the first two",
  },
  {
    id: "P9",
    what: "webhook deliveries, durable and signed",
    scenario: "webhooks",
    short: ["--flood", "10000", "--seconds", "5"],
    first: "≥ 2,500/s, p99 ≤ 100 ms",
    later: "≥ 5,000/s, p99 ≤ 50 ms",
    limit: "CPU of the courier: a request of undici, an HMAC and a share of a statement for each",
  },
  {
    id: "P10",
    what: "npm start to ready, empty folder",
    scenario: "start",
    short: ["--rounds", "3"],
    first: "≤ 8 s",
    later: "≤ 4 s",
    limit: "loading the modules of four processes, Postgres' initdb, the migrations",
  },
  {
    id: "R4",
    what: "all sockets cut and back at once",
    scenario: "storm",
    short: ["--sockets", "10000", "--rounds", "3"],
    first: "10,000 within 6 s",
    later: "2 s",
    limit: "the edge: uWS' handshake and two writes a socket, the signature of a token not seen before",
  },
  {
    id: "R11",
    what: "twice what it can do",
    scenario: "overload",
    short: ["--seconds", "6"],
    first: "told overloaded, acks ≤ 5 s, well again in 5 s",
    later: "goodput ≥ 0.9 of peak",
    limit: "the sender: clients that share the machine are slowed with it",
  },
];

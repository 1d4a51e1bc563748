/**
 * The transport under requests that are wrong: never a 5xx, always Telegram's envelope, and no memory is kept.
 * `npm run fuzz` is the long run.
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type MalformedCall, malformedCall, openRandom } from "@rookery/kit";
import { openMethods } from "../../src/bot-api/methods.ts";
import { ask, openStage } from "./stage.ts";

const count = Number(process.env["FUZZ_REQUESTS"] ?? 2_000);
const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
/** Connections at once. */
const atOnce = 32;
const answerMs = 60_000;
/** What may stay beyond what the first half left: caches that fill, and what V8 has not given back. */
const grownBytesMax = 32 * 1_048_576;

const stage = await openStage();
after(() => stage.close());
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

interface Heard {
  readonly status: number;
  readonly body: string;
}

/** What is answered; null: nothing, to a sender that went away or was not understood. */
function send({ bytes, cut }: MalformedCall): Promise<Heard | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(stage.port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.setTimeout(answerMs, () => {
      socket.destroy();
      reject(new Error("no answer"));
    });
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const [, status] = /^HTTP\/1.1 (\d{3})/.exec(text) ?? [];
      resolve(
        status === undefined ? null : { status: Number(status), body: text.split("\r\n\r\n")[1] ?? "" },
      );
    });
    socket.on("connect", () => {
      if (cut === undefined) socket.write(bytes);
      // Whoever goes away does so after what they said has left.
      else socket.write(bytes.subarray(0, cut), () => socket.destroy());
    });
  });
}

function isEnvelope({ status, body }: Heard): boolean {
  try {
    const { ok, error_code: code, description } = JSON.parse(body);
    return ok === true ? status === 200 : code === status && typeof description === "string";
  } catch {
    return false;
  }
}

it(`[L7] ${count} malformed requests, seed ${seed}: no 5xx, nothing is kept`, async () => {
  const random = openRandom(seed);
  const person = await stage.edge.person();
  const methods = [...openMethods().values()].map(({ name }) => name);
  const target = { token: stage.token, chatIds: [person.id, -1, 0], methods };
  const statuses = new Map<number, number>();
  const wrong: string[] = [];
  let made = 0;
  const work = async (until: number): Promise<void> => {
    while (made < until && wrong.length < 10) {
      made += 1;
      const request = malformedCall(random, target);
      const heard = await send(request);
      const status = heard?.status ?? 0;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // uWS hangs up on what is no HTTP.
      if (heard === null) continue;
      // Of what is no HTTP uWS says so itself, and of HEAD and files there is no envelope.
      const isOurs = heard.body.startsWith("{");
      if (heard.status >= 500 || (isOurs && !isEnvelope(heard))) {
        wrong.push(
          `${request.what}: ${heard.status} ${heard.body}\n${request.bytes.toString("latin1").slice(0, 1_500)}`,
        );
      }
    }
  };
  const heap = async (): Promise<number> => {
    await stage.surface.idle();
    collect();
    return process.memoryUsage().heapUsed;
  };
  await Promise.all(Array.from({ length: atOnce }, () => work(count / 2)));
  const halfBytes = await heap();
  await Promise.all(Array.from({ length: atOnce }, () => work(count)));
  const grown = (await heap()) - halfBytes;
  const told = [...statuses]
    .toSorted(([one], [other]) => one - other)
    .map(([status, times]) => `${status} ${times}×`);
  console.log(
    `${made} requests: ${told.join(", ")}; heap after the second half ${(grown / 1_048_576).toFixed(1)} MiB more`,
  );
  assert.deepEqual(wrong, [], `seed ${seed}`);
  assert.equal(made, count);
  assert.ok(grown < grownBytesMax, `${grown} bytes more`);
  assert.equal((await ask(`${stage.root}/getMe`)).status, 200);
});

/** Calls of a bot under an Idempotency-Key, repeated until they are answered while edges and workers are killed: each done once. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, it } from "node:test";
import { openRandom, seeds, until } from "@rookery/kit";
import type { Envelope } from "./bot-method/bot-caller.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { picture } from "./framework/specimen.ts";
import { type OwnBot, makeBot, talkTo } from "./native-bot/bot-api.ts";
import { type Person, readHistory, register } from "./rest.ts";

const kills = 5;
const lanes = 16;
const callMsMax = 20_000;
const againMs = 50;
const callsBetweenKills = 80;
const readyMs = 60_000;

interface Named {
  readonly method: string;
  readonly key: string;
  readonly form: () => FormData;
}

describe("calls of bots under kills", () => {
  let cluster: Cluster;
  let ada: Person;
  let bot: OwnBot;
  let chatId: number;

  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
    ada = await register(cluster.base, "ada");
    bot = await makeBot(cluster.edges, ada);
    ({ id: chatId } = await talkTo(cluster.base, ada, bot));
  });
  after(() => cluster?.close());

  function named(method: string, values: Readonly<Record<string, unknown>>): Named {
    const form = (): FormData => {
      const made = new FormData();
      for (const [name, value] of Object.entries(values)) {
        if (Buffer.isBuffer(value)) made.set(name, new Blob([new Uint8Array(value)]), "dot.png");
        else made.set(name, typeof value === "string" ? value : JSON.stringify(value));
      }
      return made;
    };
    return { method, key: randomUUID(), form };
  }

  /** Something has failed: nobody insists any more. */
  let isGivenUp = false;
  /** Until it is answered 200, at edges in turn; how often it was asked is counted. */
  let asked = 0;
  async function insist({ method, key, form }: Named): Promise<unknown> {
    for (let turn = asked; ; turn += 1) {
      assert.ok(!isGivenUp, "given up");
      asked += 1;
      const edge = cluster.edges[turn % cluster.edges.length];
      const answer = await fetch(`${edge}/bot${bot.token}/${method}`, {
        method: "POST",
        headers: { "idempotency-key": key },
        body: form(),
        signal: AbortSignal.timeout(callMsMax),
      })
        .then(async (response) => (await response.json()) as Envelope)
        .catch(() => null);
      if (answer?.ok === true) return answer.result;
      const code = answer?.error_code ?? 503;
      assert.ok(code === 503 || code === 429, `${method}: ${code} ${answer?.description}`);
      await sleep(againMs);
    }
  }

  it(`[L3] ${kills} kills of edges and workers: every call is done once and answered the same each time`, async (t) => {
    const seed = seeds.at(-1) ?? 1;
    const random = openRandom(seed);
    t.diagnostic(`seed ${seed}`);
    let isOver = false;
    const texts: string[] = [];
    const album = ["one", "two"].map((name) => ({ type: "photo", media: `attach://${name}` }));
    const lane = async (nth: number): Promise<number> => {
      let photos = 0;
      for (let round = 0; !isOver; round++) {
        const text = `lane ${nth}, round ${round}`;
        const chat_id = ada.userId;
        const send = named("sendMessage", { chat_id, text });
        const sent = (await insist(send)) as { readonly message_id: number };
        assert.deepEqual(await insist(send), sent);
        const change = { chat_id, message_id: sent.message_id, text: `${text}, changed` };
        const edit = named("editMessageText", change);
        const changed = await insist(edit);
        assert.deepEqual(await insist(edit), changed);
        texts.push(`${text}, changed`);
        const caption = `${text}, a photo`;
        const photo = named("sendPhoto", { chat_id, photo: picture, caption });
        assert.deepEqual(await insist(photo), await insist(photo));
        texts.push(caption);
        const group = named("sendMediaGroup", { chat_id, media: album, one: picture, two: picture });
        const [first, second, ...others] = (await insist(group)) as { readonly media_group_id: string }[];
        assert.deepEqual(others, []);
        const [one, other] = [first?.media_group_id, second?.media_group_id];
        assert.equal(one, other, "one album, whatever crashed in its middle");
        photos += 2;
      }
      return photos;
    };
    const end = (): void => void (isOver = true);
    const running = Promise.all(Array.from({ length: lanes }, (_, nth) => lane(nth).finally(end)));
    const killing = (async () => {
      for (let count = 0; count < kills; count++) {
        const due = asked + callsBetweenKills + random.below(callsBetweenKills);
        await until(() => isOver || asked >= due, { withinMs: readyMs, what: "calls between kills" });
        const role = count % 2 === 0 ? "edge" : "worker";
        const index = random.below(2);
        const pid = cluster.pids[role][index];
        cluster.kill(role, index, "SIGKILL");
        // Of each role one is there at all times.
        await until(() => cluster.pids[role][index] !== pid, { withinMs: readyMs, what: `another ${role}` });
      }
    })().finally(end);
    const [photos] = await Promise.all([running, killing]).catch((error: unknown) => {
      isGivenUp = true;
      throw error;
    });
    const { items } = await readHistory(cluster.base, ada, chatId);
    const bodies = items.map(({ body }) => body);
    const expected = texts.toSorted();
    assert.deepEqual(bodies.filter((body) => body !== "").toSorted(), expected);
    const albums = bodies.filter((body) => body === "").length;
    assert.equal(
      albums,
      photos.reduce((sum, each) => sum + each, 0),
    );
    t.diagnostic(
      `${asked} calls for ${expected.length + albums} messages and ${expected.length / 2} changes`,
    );
  });
});

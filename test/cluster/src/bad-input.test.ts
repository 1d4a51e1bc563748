/**
 * Bad input for every frame there is, made from good frames: always an Error with a code, and the uuid where it can be
 * read; the socket, the shard and everybody else live on.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type ClientFrame, openRandom, type ServerFrame } from "@rookery/kit";
import { mutate } from "./bad-input/mutation.ts";
import { frameOf, makeSamples, type Sample } from "./bad-input/sample.ts";
import { cutOff, flipped, wrongFields } from "./bad-input/wire.ts";
import { done } from "./answer.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { frameNumbers, openCodec } from "./codec.ts";
import { orderFaults } from "./order-check.ts";
import { createDirect, createGroup, type Person, readHistory, register } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

/** Fewer than the unreadable frames that end a socket: each of them gets as many. */
const unreadableMax = 9;
const flips = 400;
const seed = 20_261_121;

describe("bad input", () => {
  let cluster: Cluster;
  let ann: Person;
  let carl: Person;
  let chatId: number;
  let othersChatId: number;
  let samples: readonly Sample[];
  let bystander: Socket;
  let spoken = 0;
  let count = 0;
  let pids: Cluster["pids"];

  before(async () => {
    // One shard: what harms it harms every chat of this cluster.
    cluster = await openCluster({ shards: 1, edges: 1 });
    const [bob, dora] = await Promise.all([register(cluster.base, "bob"), register(cluster.base, "dora")]);
    [ann, carl] = await Promise.all([register(cluster.base, "ann"), register(cluster.base, "carl")]);
    chatId = (await createGroup(cluster.base, ann, [bob], "bad input")).id;
    othersChatId = (await createDirect(cluster.base, carl, dora)).id;
    bystander = await openSocket({ base: cluster.base, token: carl.token });
    const socket = await openSocket({ base: cluster.base, token: ann.token });
    samples = await samplesOf(socket);
    await socket.close();
    pids = cluster.pids;
  });
  after(async () => {
    await bystander?.close();
    await cluster?.close();
  });

  /** A stranger's conversation on the same shard goes on. */
  async function othersTalk(): Promise<void> {
    spoken += 1;
    const { seq, duplicate } = await bystander.say(othersChatId, `bystander-${spoken}`);
    assert.deepEqual([seq, duplicate], [spoken, false]);
  }

  /** Samples about a message and a poll that are written for them. */
  async function samplesOf(socket: Socket): Promise<readonly Sample[]> {
    count += 1;
    const { seq } = await socket.say(chatId, `about-${count}`);
    const poll = { question: "?", options: ["a", "b"] };
    const uuid = `poll-${count}`;
    const asked = { type: "SendMessage", uuid, chatId, body: "", poll };
    const { seq: pollSeq } = await done(socket, asked);
    return makeSamples({ chatId, seq, pollSeq, token: ann.token });
  }

  const open = (format: "json" | "proto"): Promise<Socket> =>
    openSocket({ base: cluster.base, token: ann.token, format });

  /** What comes back before the next Pong: a frame that is wrong in itself is refused at once. */
  async function answersTo(socket: Socket, send: () => void): Promise<readonly ServerFrame[]> {
    const after = socket.journal.length;
    send();
    await socket.ping();
    const answers = socket.journal.slice(after);
    answers.splice(
      answers.findLastIndex(({ type }) => type === "Pong"),
      1,
    );
    return answers;
  }

  for (const format of ["json", "proto"] as const) {
    it(`by ${format}: the frames that bad ones are made from are good`, async () => {
      const socket = await open(format);
      for (const sample of await samplesOf(socket)) {
        if ("uuid" in sample.required) {
          await done(socket, { ...frameOf(sample), uuid: `good-${++count}` });
        } else {
          const answers = await answersTo(socket, () => socket.send(frameOf(sample)));
          assert.ok(!answers.some(({ type }) => type === "Error"), JSON.stringify(answers));
        }
      }
      await socket.close();
    });

    it(`by ${format}: every field of every frame, of another type, out of range or missing, is refused`, async () => {
      const socket = await open(format);
      let sent = 0;
      for (const mutant of samples.flatMap((sample) => mutate(sample, format))) {
        sent += 1;
        const answers = await answersTo(socket, () => socket.send(mutant.frame));
        const errors = answers.filter((frame) => frame.type === "Error");
        assert.equal(errors.length, 1, `${mutant.name}: ${JSON.stringify(answers)}`);
        assert.equal(errors[0]?.code, "invalid", mutant.name);
        assert.ok((errors[0]?.message.length ?? 0) > 0, mutant.name);
        assert.equal(errors[0]?.uuid, mutant.hasUuid ? "bad" : undefined, mutant.name);
        if (sent % 100 === 0) await othersTalk();
      }
      console.error(`${sent} bad frames by ${format}`);
      assert.ok(sent > (format === "json" ? 500 : 100), `${sent} bad frames`);
      await othersTalk();
      await socket.close();
    });

    it(`by ${format}: another's chat, and what is not there, is not_found, and its people hear nothing`, async () => {
      const socket = await open(format);
      const heard = bystander.journal.length;
      for (const sample of samples) {
        for (const foreign of [othersChatId, 999_999_999, Number.MAX_SAFE_INTEGER]) {
          const frame = aimAt(sample, foreign);
          if (frame === undefined) continue;
          const uuid = `foreign-${++count}`;
          const after = socket.journal.length;
          socket.send("uuid" in frame ? { ...frame, uuid } : frame);
          const error = await socket.frame("Error", () => true, { after });
          assert.equal(error.code, "not_found", JSON.stringify(frame));
          if ("uuid" in frame) assert.equal(error.uuid, uuid);
        }
      }
      await bystander.ping();
      const told = bystander.journal
        .slice(heard)
        .filter(({ type }) => type !== "Pong" && type !== "Presence");
      assert.deepEqual(told, []);
      await othersTalk();
      await socket.close();
    });

    it(`by ${format}: huge values are too_large or invalid, deep ones no trouble`, async () => {
      const huge = ["x".repeat(20_000), "ü".repeat(200_000)];
      for (const sample of samples) {
        for (const [name, value] of Object.entries(sample.required)) {
          if (typeof value !== "string") continue;
          const socket = await open(format);
          for (const each of huge) {
            const answers = await answersTo(socket, () => socket.send({ ...frameOf(sample), [name]: each }));
            const [error, ...others] = answers.filter((frame) => frame.type === "Error");
            assert.deepEqual(others, []);
            assert.ok(["too_large", "invalid"].includes(error?.code ?? ""), `${sample.type} ${name}`);
          }
          await socket.close();
        }
      }
      if (format === "json") {
        const socket = await open(format);
        const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
        const ignored = `{"type":"Ping","t":7,"unknown":${deep}}`;
        assert.deepEqual(
          (await answersTo(socket, () => socket.sendRaw(ignored))).map(({ type }) => type),
          ["Pong"],
        );
        const entities = `{"type":"SendMessage","uuid":"bad","chatId":${chatId},"body":"x","entities":${deep}}`;
        const [error] = await answersTo(socket, () => socket.sendRaw(entities));
        assert.deepEqual(error?.type === "Error" ? [error.code, error.uuid] : error, ["invalid", "bad"]);
        await socket.close();
      }
      await othersTalk();
    });
  }

  /** Sends what no client would, at most so many on one socket; each is answered, or harmless. */
  async function sendUnreadable(frames: Iterable<Uint8Array>): Promise<number> {
    let sent = 0;
    let socket = await open("proto");
    for (const bytes of frames) {
      const answers = await answersTo(socket, () => socket.sendRaw(bytes));
      const shown = Buffer.from(bytes).toString("hex");
      for (const answer of answers) {
        if (answer.type === "Error") assert.ok(answer.code !== "internal", shown);
      }
      sent += 1;
      if (sent % unreadableMax === 0) {
        await socket.close();
        socket = await open("proto");
      }
      if (sent % 200 === 0) await othersTalk();
    }
    await socket.close();
    await othersTalk();
    return sent;
  }

  it("protobuf fields of another wire type, with lengths that lie, disturb nobody", async () => {
    const numbers = frameNumbers(new Set(samples.map(({ type }) => type)));
    assert.equal(numbers.length, 15, "every frame a client may send");
    function* all(): Generator<Uint8Array> {
      for (const number of numbers) yield* wrongFields(number);
    }
    console.error(`${await sendUnreadable(all())} frames with wrong fields`);
  });

  it("protobuf frames cut off anywhere, or with bytes changed, disturb nobody", async () => {
    const codec = openCodec("proto");
    const random = openRandom(seed);
    const good = samples.map((sample) => Uint8Array.from(Buffer.from(codec.encode(frameOf(sample)))));
    function* all(): Generator<Uint8Array> {
      for (const bytes of good.slice(0, 6)) yield* cutOff(bytes);
      for (let flip = 0; flip < flips; flip++) yield flipped(random.pick(good), random);
    }
    console.error(`${await sendUnreadable(all())} frames cut off or changed, seed ${seed}`);
  });

  it("after all this nothing has died, nothing was complained of, and the bystanders have everything once", async () => {
    const { items, headSeq } = await readHistory(cluster.base, carl, othersChatId);
    assert.equal(headSeq, spoken);
    assert.deepEqual(orderFaults("history", items, { first: 1, last: spoken }), []);
    const live = bystander.messages.get(othersChatId) ?? [];
    assert.deepEqual(orderFaults("live", live, { first: 1, last: spoken }), []);
    assert.deepEqual(cluster.pids, pids);
    const complaints = cluster
      .log()
      .split("\n")
      .filter((line) => /"level":"?(error|fatal|50|60)/.test(line));
    assert.deepEqual(complaints, []);
  });
});

/** The frame aimed at another chat; undefined when it is aimed at none. */
function aimAt(sample: Sample, chatId: number): ClientFrame | undefined {
  const frame = frameOf(sample);
  if ("chatId" in frame) return { ...frame, chatId };
  if (frame.type === "Sync") return { ...frame, chats: { [chatId]: { seq: 0, rev: 0 } } };
  return undefined;
}

// Traffic in a group: everybody writes and hears everybody. Every message must be acked, and come to every member, once.
//   k6 run -e PEOPLE=20 -e EACH=20 load/k6/chat.js
// @boundaries-ignore k6 brings it
import ws from "k6/ws";
// @boundaries-ignore k6 brings it
import { check } from "k6";
// @boundaries-ignore k6 brings it
import { Counter, Trend } from "k6/metrics";
import { createGroup, doorOf, register, socketUrl } from "./rookery.js";

const people = Number(__ENV.PEOPLE || 20);
const each = Number(__ENV.EACH || 20);
const everyMs = Number(__ENV.EVERY_MS || 500);
const ackMs = new Trend("rookery_ack_ms", true);
const heardMs = new Trend("rookery_delivery_ms", true);
const errors = new Counter("rookery_errors");
const gaps = new Counter("rookery_gaps");

export const options = {
  setupTimeout: "5m",
  scenarios: { members: { exec: "talk", executor: "per-vu-iterations", vus: people, iterations: 1, maxDuration: "10m" } },
  thresholds: {
    checks: ["rate==1"],
    rookery_errors: ["count<1"],
    rookery_gaps: ["count<1"],
    rookery_ack_ms: [`p(99)<${__ENV.ACK_P99_MS || 500}`],
    rookery_delivery_ms: [`p(99)<${__ENV.DELIVERY_P99_MS || 500}`],
  },
};

export function setup() {
  const members = register(people);
  return { members, chatId: createGroup(members, "k6") };
}

export function talk({ members, chatId }) {
  const sentMs = {};
  let sent = 0;
  let acked = 0;
  let heard = 0;
  let seq = 0;
  const due = members.length * each;
  ws.connect(socketUrl, doorOf(members[__VU - 1]), (socket) => {
    const done = () => {
      if (acked === each && heard === due) socket.close();
    };
    socket.on("message", (text) => {
      const frame = JSON.parse(text);
      if (frame.type === "Hello") {
        // Everybody is there before the first writes: who comes later would have to Sync.
        socket.setTimeout(() => socket.setInterval(write, everyMs), Number(__ENV.GATHER_MS || 5000));
      } else if (frame.type === "Ack") {
        acked += 1;
        ackMs.add(Date.now() - sentMs[frame.uuid]);
        done();
      } else if (frame.type === "Message" && frame.chatId === chatId && frame.body.startsWith("k6 ")) {
        if (seq > 0 && frame.seq !== seq + 1) gaps.add(1);
        seq = frame.seq;
        heard += 1;
        // Clocks of one machine: the writer's time is in the body.
        heardMs.add(Date.now() - Number(frame.body.slice(3)));
        done();
      } else if (frame.type === "Error") errors.add(1);
    });
    socket.setTimeout(() => socket.close(), Number(__ENV.MS_MAX || 120000));

    function write() {
      if (sent === each) return;
      const nowMs = Date.now();
      const uuid = `k6-${__VU}-${sent}-${nowMs.toString(36)}`;
      sent += 1;
      sentMs[uuid] = nowMs;
      socket.send(JSON.stringify({ type: "SendMessage", uuid, chatId, body: `k6 ${nowMs}` }));
    }
  });
  check(null, {
    "every message is acked": () => acked === each,
    "every message of everybody is heard": () => heard === due,
  });
}

// A ramp of sockets: each opens, gets its Hello, stays, answers pings, and goes. Thresholds fail the run.
//   k6 run -e SOCKETS=1000 -e HOLD=30s load/k6/sockets.js
// @boundaries-ignore k6 brings it
import ws from "k6/ws";
// @boundaries-ignore k6 brings it
import { check } from "k6";
// @boundaries-ignore k6 brings it
import { Counter, Rate, Trend } from "k6/metrics";
import { doorOf, register, socketUrl } from "./rookery.js";

const sockets = Number(__ENV.SOCKETS || 200);
const holdMs = Number(__ENV.HOLD_MS || 10000);
const helloMs = new Trend("rookery_hello_ms", true);
const opened = new Rate("rookery_opened");
const lost = new Counter("rookery_sockets_lost");

export const options = {
  setupTimeout: "5m",
  scenarios: {
    ramp: {
      exec: "stay",
      executor: "ramping-vus",
      startVUs: 0,
      stages: [
        { duration: __ENV.RAMP || "10s", target: sockets },
        { duration: __ENV.HOLD || "10s", target: sockets },
        { duration: "5s", target: 0 },
      ],
      gracefulStop: "30s",
    },
  },
  thresholds: {
    rookery_opened: ["rate>0.999"],
    rookery_sockets_lost: ["count<1"],
    rookery_hello_ms: [`p(99)<${__ENV.HELLO_P99_MS || 1000}`],
  },
};

export function setup() {
  return { people: register(Number(__ENV.PEOPLE || 10)) };
}

export function stay({ people }) {
  const startMs = Date.now();
  let greeted = false;
  let closing = false;
  const answer = ws.connect(socketUrl, doorOf(people[__VU % people.length]), (socket) => {
    socket.on("message", (text) => {
      if (greeted || JSON.parse(text).type !== "Hello") return;
      greeted = true;
      helloMs.add(Date.now() - startMs);
      socket.setTimeout(() => {
        closing = true;
        socket.close();
      }, holdMs);
    });
    socket.on("close", () => {
      if (greeted && !closing) lost.add(1);
    });
    socket.setTimeout(() => {
      if (!greeted) socket.close();
    }, 30000);
  });
  check(answer, { "the upgrade is 101": (response) => response && response.status === 101 });
  opened.add(greeted);
}

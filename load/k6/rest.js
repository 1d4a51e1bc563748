// REST as an application uses it: write, read the page, mark it read, look at the chats.
//   k6 run -e VUS=10 -e DURATION=30s load/k6/rest.js
// @boundaries-ignore k6 brings it
import { check } from "k6";
import { createGroup, get, post, register, uuid } from "./rookery.js";

export const options = {
  setupTimeout: "5m",
  scenarios: {
    people: {
      exec: "use",
      executor: "constant-vus",
      vus: Number(__ENV.VUS || 10),
      duration: __ENV.DURATION || "15s",
    },
  },
  thresholds: {
    checks: ["rate==1"],
    "http_req_failed{name:send}": ["rate==0"],
    "http_req_duration{name:send}": [`p(99)<${__ENV.SEND_P99_MS || 1000}`],
    "http_req_duration{name:page}": [`p(99)<${__ENV.PAGE_P99_MS || 1000}`],
    "http_req_duration{name:chats}": [`p(99)<${__ENV.CHATS_P99_MS || 1000}`],
  },
};

export function setup() {
  const people = register(5);
  return { people, chatId: createGroup(people, "k6 by REST") };
}

export function use({ people, chatId }) {
  const { token } = people[__VU % people.length];
  const body = { uuid: uuid(), body: "by REST" };
  const sent = post(`/v1/chats/${chatId}/messages`, body, token, { tags: { name: "send" } });
  check(sent, { "a message is 201": ({ status }) => status === 201 });
  const again = post(`/v1/chats/${chatId}/messages`, body, token, { tags: { name: "again" } });
  check(again, {
    "a repeat is 200 with the first": (answer) => answer.status === 200 && answer.json("seq") === sent.json("seq"),
  });
  const page = get(`/v1/chats/${chatId}/messages?limit=20`, token, { name: "page" });
  check(page, { "a page is 200": ({ status }) => status === 200 });
  const read = post(`/v1/chats/${chatId}/read`, { seq: sent.json("seq") }, token, { tags: { name: "read" } });
  check(read, { "a mark is 204": ({ status }) => status === 204 });
  const chats = get("/v1/chats", token, { name: "chats" });
  check(chats, { "the chats are 200": ({ status }) => status === 200 });
}

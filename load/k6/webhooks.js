// Telegram's side of the webhook: updates posted to a bot of ours, as Telegram posts them. Each must be answered 200, which
// means that it is committed, and a repeat of it changes nothing.
//   k6 run -e BOT_TOKEN=1234:abc -e RATE=100 -e DURATION=30s load/k6/webhooks.js
// @boundaries-ignore k6 brings it
import { check, fail } from "k6";
// @boundaries-ignore k6 brings it
import exec from "k6/execution";
import { get, post, register } from "./rookery.js";

const rate = Number(__ENV.RATE || 50);

export const options = {
  setupTimeout: "5m",
  scenarios: {
    updates: {
      exec: "update",
      executor: "constant-arrival-rate",
      rate,
      timeUnit: "1s",
      duration: __ENV.DURATION || "15s",
      preAllocatedVUs: 100,
      maxVUs: 500,
    },
  },
  thresholds: {
    checks: ["rate==1"],
    dropped_iterations: ["count<1"],
    "http_req_duration{name:update}": [`p(99)<${__ENV.UPDATE_P99_MS || 1000}`],
  },
};

export function setup() {
  const [owner] = register(1);
  const username = `k6_${Date.now().toString(36)}_bot`;
  const token = __ENV.BOT_TOKEN || `${1e9 + Math.floor(Math.random() * 1e9)}:${"k6".repeat(17)}x`;
  const body = { username, displayName: "k6", mode: "webhook", token };
  const made = post("/v1/bots", body, owner.token, { tags: { name: "bot" } });
  if (made.status !== 201) fail(`bot: ${made.status} ${made.body}`);
  return { username, secret: made.json("webhookSecret"), owner };
}

export function update({ username, secret }) {
  const number = exec.scenario.iterationInTest + 1;
  const person = { id: 700000 + (number % 100), is_bot: false, first_name: "Ada" };
  const message = {
    message_id: number,
    date: Math.floor(Date.now() / 1000),
    chat: { id: person.id, type: "private", first_name: "Ada" },
    from: person,
    text: `update ${number}`,
  };
  const headers = { "X-Telegram-Bot-Api-Secret-Token": secret };
  const more = { headers, tags: { name: "update" } };
  const path = `/v1/telegram/webhook/${username}`;
  const first = post(path, { update_id: number, message }, undefined, more);
  check(first, { "an update is 200": ({ status }) => status === 200 });
  if (number % 10 > 0) return;
  const again = post(path, { update_id: number, message }, undefined, more);
  check(again, { "a repeated update is 200": ({ status }) => status === 200 });
}

export function teardown({ owner }) {
  const chats = get("/v1/chats?limit=100", owner.token, { name: "chats" });
  check(chats, { "the bot's chats are there": (answer) => answer.status === 200 && answer.json("items").length > 0 });
}

// What the scripts have in common. Stock k6: no extension, no package, nothing of ours but CONTRACT §2 and §3.
// @boundaries-ignore k6 brings it
import http from "k6/http";
// @boundaries-ignore k6 brings it
import { fail } from "k6";

/** An edge, or what stands before several. */
export const base = __ENV.ROOKERY_URL || "http://127.0.0.1:8080";
export const socketUrl = `${base.replace(/^http/, "ws")}/v1/ws?device=k6`;

const json = { "content-type": "application/json" };

export function post(path, body, token, more = {}) {
  const headers = token === undefined ? json : { ...json, authorization: `Bearer ${token}` };
  return http.post(base + path, JSON.stringify(body), { headers: { ...headers, ...more.headers }, tags: more.tags });
}

export function get(path, token, tags) {
  return http.get(base + path, { headers: { authorization: `Bearer ${token}` }, tags });
}

/**
 * Registers people; the cluster needs `--rate-limits off` for more than sixty a minute from one address. Each costs the
 * edge a hashed password, so scripts share few of them.
 */
export function register(count) {
  const run = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
  const people = [];
  for (let index = 0; index < count; index++) {
    const name = `k6_${run}_${index}`;
    const body = { email: `${name}@example.org`, username: name, password: `password ${index} of k6` };
    const answer = post("/v1/auth/register", body, undefined, { tags: { name: "register" } });
    if (answer.status !== 201) fail(`register: ${answer.status} ${answer.body}`);
    people.push({ id: answer.json("user.id"), token: answer.json("accessToken") });
  }
  return people;
}

/** A group of all of them. */
export function createGroup(people, title) {
  const [owner, ...others] = people;
  const body = { type: "group", memberIds: others.map((person) => person.id), title };
  const answer = post("/v1/chats", body, owner.token, { tags: { name: "create" } });
  if (answer.status !== 201) fail(`chat: ${answer.status} ${answer.body}`);
  return answer.json("id");
}

/** How a socket is opened as `person`. */
export function doorOf(person) {
  return { headers: { "Sec-WebSocket-Protocol": `rookery.v1.json, bearer.${person.token}` }, tags: { name: "ws" } };
}

export function uuid() {
  return `k6-${__VU}-${__ITER}-${Math.floor(Math.random() * 2 ** 48).toString(36)}`;
}

/** The script's door, `/control/…`: JSON in, JSON out, for tests of other processes and for curl. */
import type { FaultRule } from "../fault/fault-plan.ts";
import type { Simulator } from "../simulator.ts";
import type { Json } from "../world/message.ts";
import { encodeBot, encodeCalls, encodeJournal, encodeState } from "./view.ts";
import { acts } from "./act.ts";
import { type Fields, openFields } from "./fields.ts";

export interface ControlAnswer {
  readonly status: number;
  readonly value: unknown;
}

export interface Control {
  serve(method: string, url: URL, body: string): ControlAnswer;
}

/** What the control door acts on. */
export type Stage = Omit<Simulator, "url" | "controlUrl" | "close">;

const faultKinds = ["slow", "status", "cut_before", "cut_after", "duplicate", "resend"];

const help = {
  "GET /control/state": "bots, people, chats, what waits, limits violated",
  "GET /control/journal?after=0&user=&bot=&kind=&limit=": "what people saw, in order",
  "GET /control/calls?after=0&method=&limit=": "calls of the Bot API",
  "POST /control/bots": { username: "demo_bot", token: "optional", readsAllGroupMessages: false },
  "POST /control/users": { username: "ada", firstName: "Ada", languageCode: "en" },
  "POST /control/chats": {
    type: "group | supergroup | channel",
    title: "…",
    people: ["ada"],
    bots: ["demo_bot"],
  },
  "POST /control/acts": Object.fromEntries(Object.entries(acts).map(([name, { fields }]) => [name, fields])),
  "POST /control/says": { user: "ada", bot: "demo_bot", text: "/start" },
  "POST /control/faults": { kind: "slow | status | cut_before | cut_after | duplicate | resend", times: 1 },
  "DELETE /control/faults": {},
  "POST /control/resend": { bot: "demo_bot", count: 1 },
  "POST /control/webhook-error": { bot: "demo_bot", message: "Connection refused" },
};

type Route = (stage: Stage, fields: Fields, query: Fields) => unknown;

const done = { ok: true };

const routes: Readonly<Record<string, Route>> = {
  "GET ": () => help,
  "GET state": (stage) => encodeState(stage),
  "GET journal": (stage, _fields, query) => encodeJournal(stage, query),
  "GET calls": (stage, _fields, query) => encodeCalls(stage, query),
  "POST bots": (stage, fields) => {
    const token = fields.text("token");
    const profile = {
      username: fields.required("username"),
      readsAllGroupMessages: fields.text("readsAllGroupMessages") === "true",
      ...(token === undefined ? {} : { token }),
    };
    return encodeBot(stage.addBot(profile), stage.world.now());
  },
  "POST users": (stage, fields) => {
    const names = ["lastName", "username", "languageCode"].flatMap((name) => {
      const value = fields.text(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    const firstName = fields.text("firstName") ?? fields.required("username");
    return stage.addUser({ firstName, ...Object.fromEntries(names) }).user;
  },
  "POST chats": (stage, fields) => {
    const type = fields.text("type") ?? "group";
    if (type !== "group" && type !== "supergroup" && type !== "channel")
      throw new Error(`no chat is a ${type}`);
    const username = fields.text("username");
    const title = fields.text("title") ?? "A chat";
    const setting = { type, title, people: fields.people("people"), bots: fields.bots("bots") } as const;
    return stage.addChat(username === undefined ? setting : { ...setting, username }).json;
  },
  "POST says": (stage, fields) => act(stage, fields, "says"),
  "POST acts": (stage, fields) => act(stage, fields, fields.required("act")),
  "POST faults": (stage, fields) => {
    const kind = fields.required("kind");
    if (!faultKinds.includes(kind))
      throw new Error(`there is no fault ${kind}, but ${faultKinds.join(", ")}`);
    stage.faults.add(fields.body as unknown as FaultRule);
    return done;
  },
  "DELETE faults": (stage) => {
    stage.faults.clear();
    return done;
  },
  "POST resend": (stage, fields) => ({
    resent: stage.resend(fields.bot("bot"), fields.integer("count") ?? 1),
  }),
  "POST webhook-error": (stage, fields) => {
    const message = fields.text("message") ?? "Connection refused";
    fields.bot("bot").lastError = { atMs: stage.world.now(), message };
    return done;
  },
};

function act(stage: Stage, fields: Fields, name: string): unknown {
  const found = acts[name];
  if (found === undefined) throw new Error(`there is no act ${name}, but ${Object.keys(acts).join(", ")}`);
  return found.run(stage, fields) ?? done;
}

export function openControl(stage: Stage): Control {
  return {
    serve(method, url, body) {
      try {
        const path = url.pathname.replace(/^\/control\/?/, "").replace(/\/$/, "");
        const route = routes[`${method} ${path}`];
        if (route === undefined)
          return { status: 404, value: { error: "there is no such route", routes: help } };
        const query = openFields(stage, Object.fromEntries(url.searchParams));
        return { status: 200, value: route(stage, openFields(stage, parseBody(body)), query) };
      } catch (error) {
        // A script's mistake is told to who made it.
        return { status: 400, value: { error: error instanceof Error ? error.message : String(error) } };
      }
    },
  };
}

function parseBody(body: string): Json {
  if (body.trim() === "") return {};
  const value: unknown = JSON.parse(body);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("the body is no object");
  return value as Json;
}

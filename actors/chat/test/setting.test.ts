import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AdminRight, ChatCommand, MemberPermission } from "@rookery/protocol";
import type { Row } from "@rookery/store";
import { type ChatState, decide } from "../src/mod.ts";
import { ask, birth, create, give, invite, nowMs, pin, say } from "./command.ts";

/** Of one after the other, as they are decided; a refusal is told by its code. */
function openChat(type: "group" | "channel" = "group") {
  let state: ChatState | null = null;
  let count = 0;
  const rows: Row[] = [];
  const said = (senderId: number, command: ChatCommand, atMs = nowMs): string => {
    const decision = decide(state, ask(senderId, command, `u-${++count}`), atMs);
    if (decision.kind === "refused") return decision.fault.code;
    ({ state } = decision);
    rows.push(...decision.rows);
    return decision.outcome.kind;
  };
  assert.equal(said(1, create(birth(type, [1, 2, 3]))), "created");
  return {
    said,
    rows,
    state(): ChatState {
      if (state === null) throw new Error("no chat");
      return state;
    },
  };
}

const photo: ChatCommand = {
  ...say(""),
  messageKind: "photo",
  attachments: [{ fileId: "f", kind: "photo" }],
};
const restrict = (userId: number, forbids: readonly MemberPermission[], untilMs?: number): ChatCommand => ({
  kind: "restrict",
  userId,
  forbids,
  ...(untilMs === undefined ? {} : { untilMs }),
});
const promote = (userId: number, ...rights: AdminRight[]): ChatCommand => ({
  kind: "promote",
  userId,
  rights,
});
const link = (code: string, more: object = {}): ChatCommand => ({
  kind: "link",
  link: { code, url: `https://a.example/${code}`, asks: false, isPrimary: false, ...more },
  isNew: true,
});

describe("what a chat allows its members", () => {
  it("forbids a kind to all but who leads, and everybody is told", () => {
    const chat = openChat();
    assert.equal(chat.said(2, { kind: "describe", forbids: ["send_photos"] }), "forbidden");
    assert.equal(chat.said(1, { kind: "describe", forbids: ["send_photos"] }), "changed");
    assert.equal(chat.said(2, photo), "forbidden");
    assert.equal(chat.said(2, say("words")), "sent");
    assert.equal(chat.said(1, photo), "sent");
    const frames = chat.rows.flatMap((row) => (row.table === "change" ? [row.row.frame] : []));
    const told = frames.findLast((frame) => frame.type === "ChatUpdated");
    assert.deepEqual(told?.type === "ChatUpdated" ? told.chat.forbids : null, ["send_photos"]);
    // What is not forbidden any more is anybody's: members pin and rename too.
    assert.equal(chat.said(2, pin(1)), "changed");
    assert.equal(chat.said(2, { kind: "rename", title: "ours" }), "changed");
  });

  it("what it says of itself already takes no rev, in whatever order Postgres has kept it", () => {
    const chat = openChat();
    const picture = { fileId: "f", kind: "photo", name: "tea" };
    const asked: ChatCommand = { kind: "describe", description: "of tea", photo: picture };
    assert.equal(chat.said(1, asked), "changed");
    const about = { photo: { kind: "photo", name: "tea", fileId: "f" }, description: "of tea" };
    const woken = { ...chat.state(), settings: { ...chat.state().settings, about } };
    const again = decide(woken, ask(1, asked, "again"), nowMs);
    assert.equal(again.kind === "done" ? again.state.rev : null, woken.rev);
  });

  it("restricts one member until then, and not who leads", () => {
    const chat = openChat();
    assert.equal(chat.said(2, restrict(3, ["send_messages"])), "forbidden");
    assert.equal(chat.said(1, restrict(3, ["send_messages"], nowMs + 1_000)), "changed");
    assert.equal(chat.said(3, say("words")), "forbidden");
    assert.equal(chat.said(2, say("words")), "sent");
    assert.equal(chat.said(3, say("words"), nowMs + 1_000), "sent");
    assert.equal(chat.said(1, restrict(3, ["send_messages"])), "changed");
    assert.equal(chat.said(1, promote(3, "manage_chat")), "changed");
    assert.equal(chat.said(3, say("words")), "sent");
    assert.equal(chat.said(1, restrict(1, ["send_messages"])), "forbidden");
  });

  it("a reaction may be forbidden, taking one back not", () => {
    const chat = openChat();
    assert.equal(chat.said(1, say("words")), "sent");
    const react = (remove: boolean): ChatCommand => ({ kind: "react", seq: 2, emoji: "👍", remove });
    assert.equal(chat.said(2, react(false)), "changed");
    assert.equal(chat.said(1, restrict(2, ["react_to_messages"])), "changed");
    assert.equal(chat.said(2, react(true)), "changed");
    assert.equal(chat.said(2, react(false)), "forbidden");
  });
});

describe("administrators", () => {
  it("may what was given them, give no more, and lose it with their role", () => {
    const chat = openChat();
    assert.equal(chat.said(1, promote(2, "manage_chat", "invite_users", "promote_members")), "changed");
    assert.equal(chat.said(2, { kind: "rename", title: "mine" }), "forbidden");
    assert.equal(chat.said(2, pin(1)), "forbidden");
    assert.equal(chat.said(2, { kind: "remove", userId: 3 }), "forbidden");
    assert.equal(chat.said(2, invite(4)), "invited");
    assert.equal(chat.said(2, promote(3, "manage_chat", "delete_messages")), "forbidden");
    assert.equal(chat.said(2, promote(3, "manage_chat", "invite_users")), "changed");
    assert.equal(chat.said(2, { kind: "entitle", userId: 3, title: "usher" }), "changed");
    assert.equal(chat.state().settings.traits.get(3)?.title, "usher");
    // Whom another made one is another's.
    assert.equal(chat.said(3, promote(2)), "forbidden");
    assert.equal(chat.said(1, give(3, "member")), "changed");
    assert.equal(chat.state().settings.traits.has(3), false);
    assert.equal(chat.said(1, give(3, "admin")), "changed");
    assert.equal(chat.said(3, { kind: "rename", title: "usual" }), "changed");
  });

  it("are not banned; who is goes, and comes again when the time is over", () => {
    const chat = openChat();
    assert.equal(chat.said(1, link("one")), "changed");
    assert.equal(chat.said(1, give(2, "admin")), "changed");
    assert.equal(chat.said(2, { kind: "ban", userId: 1 }), "forbidden");
    assert.equal(chat.said(2, { kind: "ban", userId: 3, untilMs: nowMs + 1_000 }), "changed");
    assert.equal(chat.state().members.has(3), false);
    assert.equal(chat.said(3, { kind: "join", code: "one" }), "forbidden");
    assert.equal(chat.said(3, { kind: "join", code: "one" }, nowMs + 1_000), "joined");
    assert.equal(chat.state().acl.size, 0);
    assert.equal(chat.said(3, say("back"), nowMs + 1_000), "sent");
  });
});

describe("links", () => {
  it("are made by who may invite, and lead as often and as long as they say", () => {
    const chat = openChat();
    assert.equal(chat.said(2, link("one")), "forbidden");
    assert.equal(chat.said(1, link("one", { memberLimit: 1 })), "changed");
    assert.equal(chat.said(4, { kind: "join", code: "none" }), "not_found");
    assert.equal(chat.said(4, { kind: "join", code: "one" }), "joined");
    assert.equal(chat.said(4, { kind: "join", code: "one" }), "not_found");
    assert.equal(chat.said(5, { kind: "join", code: "one" }), "not_found");
    assert.equal(chat.said(1, link("two", { expiresMs: nowMs + 10 })), "changed");
    assert.equal(chat.said(5, { kind: "join", code: "two" }, nowMs + 10), "not_found");
    assert.equal(chat.said(5, { kind: "join", code: "two" }), "joined");
    assert.equal(chat.said(1, { kind: "revokeLink", code: "two" }), "changed");
    assert.equal(chat.said(6, { kind: "join", code: "two" }), "not_found");
  });

  it("a primary one takes the place of the one before it", () => {
    const chat = openChat();
    assert.equal(chat.said(1, link("one", { isPrimary: true })), "changed");
    assert.equal(chat.said(1, link("two", { isPrimary: true })), "changed");
    const revoked = [...chat.state().settings.links.values()].map(({ code, isRevoked }) => [code, isRevoked]);
    assert.deepEqual(revoked, [
      ["one", true],
      ["two", false],
    ]);
  });

  it("whoever has to ask waits, once, until somebody says so", () => {
    const chat = openChat();
    assert.equal(chat.said(1, link("one", { asks: true })), "changed");
    assert.equal(chat.said(4, { kind: "join", code: "one" }), "joined");
    assert.equal(chat.said(4, { kind: "join", code: "one" }), "joined");
    assert.deepEqual([...chat.state().settings.requests.keys()], [4]);
    assert.equal(chat.state().members.has(4), false);
    assert.equal(chat.said(2, { kind: "admit", userId: 4, isApproved: true }), "forbidden");
    assert.equal(chat.said(1, { kind: "admit", userId: 4, isApproved: false }), "changed");
    assert.equal(chat.said(1, { kind: "admit", userId: 4, isApproved: true }), "not_found");
    assert.equal(chat.said(4, { kind: "join", code: "one" }), "joined");
    assert.equal(chat.said(1, { kind: "admit", userId: 4, isApproved: true }), "changed");
    assert.equal(chat.state().members.get(4)?.role, "member");
    assert.equal(chat.state().settings.requests.size, 0);
  });

  it("[L7] are bounded: one that leads nowhere gives way, else there is no more room", () => {
    const chat = openChat();
    for (let count = 0; count < 200; count++) assert.equal(chat.said(1, link(`l${count}`)), "changed");
    assert.equal(chat.said(1, link("more")), "invalid");
    assert.equal(chat.said(1, { kind: "revokeLink", code: "l7" }), "changed");
    assert.equal(chat.said(1, link("more")), "changed");
    assert.equal(chat.state().settings.links.has("l7"), false);
  });
});

describe("reactions of others", () => {
  it("are taken away all at once, by who may delete messages", () => {
    const chat = openChat();
    assert.equal(chat.said(1, say("words")), "sent");
    for (const emoji of ["👍", "🎉"]) {
      for (const userId of [2, 3]) {
        assert.equal(chat.said(userId, { kind: "react", seq: 2, emoji, remove: false }), "changed");
      }
    }
    const take: ChatCommand = { kind: "unreact", seq: 2, userId: 3 };
    assert.equal(chat.said(2, take), "forbidden");
    assert.equal(chat.said(1, take), "changed");
    const messages = chat.rows.flatMap((row) => (row.table === "messageChange" ? [row.row] : []));
    assert.deepEqual(messages.at(-1)?.detail?.reactions, { "👍": [2], "🎉": [2] });
    const before = chat.state().rev;
    assert.equal(chat.said(1, take), "changed");
    assert.equal(chat.state().rev, before);
  });
});

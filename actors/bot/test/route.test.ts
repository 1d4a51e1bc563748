import assert from "node:assert/strict";
import { test } from "node:test";
import { type BotEvent, type BotInput, parseRouteTable } from "@rookery/protocol";
import { openRoutes } from "../src/mod.ts";

function event(input: BotInput, person: Partial<BotEvent["person"]> = {}, isPrivate = true): BotEvent {
  return {
    botId: 9,
    updateId: 1,
    type: "message",
    chatId: 5,
    telegramChatId: 50,
    isPrivate,
    raw: {},
    person: {
      telegramId: 7,
      firstName: "Ada",
      lastName: null,
      username: null,
      language: "uz",
      userId: 3,
      role: "member",
      ...person,
    },
    input,
  };
}
const command = (name: string, argument = ""): BotInput => ({ kind: "command", name, argument });
const press = (data: string | null): BotInput => ({ kind: "callback", queryId: "q", data, messageId: 1 });
const routes = openRoutes(
  parseRouteTable({
    commands: [
      { command: "start", to: { service: "main" } },
      { command: "users", to: { service: "main" }, role: "operator" },
    ],
    callbacks: [
      { match: "exact", value: "menu", to: { service: "menu" } },
      { match: "pattern", value: "take:{id}:{day}", to: { service: "take" } },
      { match: "prefix", value: "take:", to: { service: "rest" } },
    ],
    text: { reply: { en: "pardon?", uz: "nima?" } },
  }),
);
const decide = (of: BotEvent) => routes.decide(of, null, 0);

test("[T6] a command goes to its service, with its payload", () => {
  assert.deepEqual(decide(event(command("start", "ref7")))?.call, {
    service: "main",
    payload: { argument: "ref7" },
  });
});

test("[T6] a press goes to the first route that matches: exactly, by pattern with its places, by prefix", () => {
  assert.deepEqual(decide(event(press("menu")))?.call, { service: "menu", payload: { match: {} } });
  const match = { id: "4", day: "mon:day" };
  assert.deepEqual(decide(event(press("take:4:mon:day")))?.call, { service: "take", payload: { match } });
  assert.deepEqual(decide(event(press("take:4")))?.call, {
    service: "rest",
    payload: { match: { rest: "4" } },
  });
  assert.equal(decide(event(press("nobody's"))), null);
});

test("[T10] a press whose payload is gone is told so", () => {
  assert.deepEqual(decide(event(press(null)))?.actions, [{ kind: "answer", text: "Bu tugma eskirgan." }]);
  const own = openRoutes(parseRouteTable({ expired: { en: "gone", uz: "endi yoʻq" } }));
  assert.deepEqual(own.decide(event(press(null)), null, 0)?.actions, [{ kind: "answer", text: "endi yoʻq" }]);
  const russian = event(press(null), { language: "ru" });
  assert.deepEqual(own.decide(russian, null, 0)?.actions, [{ kind: "answer", text: "gone" }]);
});

test("[T6] a role that is needed: operators and admins have it, members hear that they have not", () => {
  assert.equal(decide(event(command("users"), { role: "operator" }))?.call?.service, "main");
  assert.equal(decide(event(command("users"), { role: "admin" }))?.call?.service, "main");
  const verdict = decide(event(command("users"), { language: "ru" }));
  assert.deepEqual(
    [verdict?.call, verdict?.actions],
    [undefined, [{ kind: "send", message: { body: "У вас нет прав на это." } }]],
  );
});

test("[T6] unknown commands are answered in private; in a group they may be another bot's", () => {
  assert.equal(decide(event(command("what")))?.actions.length, 1);
  assert.equal(decide(event(command("what"), {}, false)), null);
});

test("[T6] text is answered in the language of the person, or in the first there is", () => {
  const said = (language: string | null) =>
    decide(event({ kind: "text", text: "hi" }, { language }))?.actions;
  assert.deepEqual(said("uz-Latn"), [{ kind: "send", message: { body: "nima?" } }]);
  assert.deepEqual(said("ru"), [{ kind: "send", message: { body: "pardon?" } }]);
});

test("[T7] a service that failed is apologised for", () => {
  const answer = { kind: "failed", reason: "HTTP 500" } as const;
  assert.equal(routes.resume(event(command("start")), null, answer, 0).actions.length, 1);
});

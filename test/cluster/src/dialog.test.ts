/** [T13] The example bot, gone through by people of a simulated Telegram in three languages: what they see, and what services get. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { until } from "@rookery/kit";
import {
  type Bot,
  type Message,
  type Person as TelegramPerson,
  type Simulator,
  startTelegramSimulator,
} from "@rookery/telegram-simulator";
import { type Cluster, openCluster } from "./cluster.ts";
import { expect, type Person, readHistory, register } from "./rest.ts";

type Texts = Readonly<Record<string, string>>;
interface Step {
  readonly id: string;
  readonly prompt?: Texts;
  readonly text?: Texts;
  readonly done?: Texts;
  readonly options?: readonly { readonly value: string; readonly label: Texts }[];
}
interface Book {
  readonly greeting: Texts;
  readonly menu: { readonly text: Texts };
  readonly dialogs: Readonly<Record<string, { readonly title: Texts; readonly steps: readonly Step[] }>>;
}

const folder = new URL("../../../examples/uk-management-bot/", import.meta.url);
const cli = fileURLToPath(new URL("../../../services/cli/src/main.ts", import.meta.url));
const withinMs = 60_000;
const languages = ["ru", "uz", "en"];
const words: Readonly<Record<string, Texts>> = {
  confirm: { ru: "✅ Подтвердить", uz: "✅ Tasdiqlash", en: "✅ Confirm" },
  skip: { ru: "⏭ Пропустить", uz: "⏭ O‘tkazib yuborish", en: "⏭ Skip" },
  back: { ru: "⬅️ Назад", uz: "⬅️ Orqaga", en: "⬅️ Back" },
  tomorrow: { ru: "Завтра", uz: "Ertaga", en: "Tomorrow" },
  accepted: { ru: "Принято.", uz: "Qabul qilindi.", en: "Noted." },
  cancelled: { ru: "Отменено.", uz: "Bekor qilindi.", en: "Cancelled." },
  number: { ru: "принята", uz: "qabul qilingan", en: "accepted" },
  outdated: {
    ru: "Эта кнопка больше не действует.",
    uz: "Bu tugma endi ishlamaydi.",
    en: "This button is no longer valid.",
  },
};

describe("the UK management bot", () => {
  let simulator: Simulator;
  let bot: Bot;
  let cluster: Cluster;
  let owner: Person;
  let botId: number;
  let services: ChildProcess;
  let book: Book;

  before(async () => {
    book = JSON.parse(await readFile(new URL("dialogs.json", folder), "utf8")) as Book;
    simulator = await startTelegramSimulator({ timeScale: 0.05, seed: 7 });
    bot = simulator.addBot({ username: "uk_bot" });
    cluster = await openCluster({
      env: { TELEGRAM_API_ROOT: simulator.url, WEBHOOK_ALLOW_PRIVATE: "true" },
    });
    owner = await register(cluster.base, "owner");
    const opened = await openServices();
    services = opened.child;
    const body = { username: "uk_bot", displayName: "The house", mode: "webhook", token: bot.token };
    const made = await expect<{ id: number }>(201, cluster.base, "POST", "/v1/bots", {
      token: owner.token,
      body,
    });
    botId = made.id;
    await put("services", (await readJson("services.json")).replaceAll("http://127.0.0.1:9090", opened.url));
    // Machines are quicker than people may be.
    const routes = JSON.parse(await readJson("routes.json")) as object;
    await put("routes", JSON.stringify({ ...routes, flood: { off: true } }));
    await put("dialogs", await readJson("dialogs.json"));
    await until(() => bot.webhook !== null, { withinMs });
  });
  after(async () => {
    services?.kill();
    await cluster?.close();
    await simulator?.close();
  });

  async function put(table: string, text: string): Promise<void> {
    const body = JSON.parse(text) as object;
    await expect(200, cluster.base, "PUT", `/v1/bots/${botId}/${table}`, { token: owner.token, body });
  }

  /** What one person sees, in order; each message is heard once. */
  function converse(person: TelegramPerson, language: string) {
    let heard = 0;
    const seen = () =>
      simulator.journal.seenBy(person.id).filter(({ kind }) => ["message", "edit"].includes(kind));
    const hears = async (expected: string | RegExp): Promise<Message> => {
      await until(() => seen().length > heard, {
        withinMs,
      }).catch(() => assert.fail(`${person.user.first_name} heard nothing, but waits for ${expected}`));
      const entry = seen()[heard++];
      const text = String(entry?.body["text"]);
      if (typeof expected === "string") assert.equal(text, expected);
      else assert.match(text, expected);
      return entry?.body as unknown as Message;
    };
    const stepOf = (dialog: string, id: string): Step => {
      const step = book.dialogs[dialog]?.steps.find((each) => each.id === id);
      if (step === undefined) throw new Error(`no step ${dialog}.${id}`);
      return step;
    };
    return {
      language,
      hears,
      word: (name: string): string => words[name]?.[language] ?? name,
      title: (dialog: string): string => book.dialogs[dialog]?.title[language] ?? dialog,
      text: (texts: Texts | undefined): string => texts?.[language] ?? "",
      stepOf,
      asked: (dialog: string, id: string): Promise<Message> =>
        hears(stepOf(dialog, id).prompt?.[language] ?? ""),
      label: (dialog: string, id: string, value: string): string =>
        stepOf(dialog, id).options?.find((option) => option.value === value)?.label[language] ?? value,
      says: (text: string): Message => person.says(bot, text),
      sends: (content: Parameters<TelegramPerson["sends"]>[1]): Message => person.sends(bot, content),
      presses: (message: Message, label: string): string => person.presses(message, bot, label),
    };
  }

  async function goThrough(language: string): Promise<TelegramPerson> {
    const person = simulator.addUser({ firstName: `Person ${language}`, languageCode: language });
    const talk = converse(person, language);
    const { hears, asked, label, says, sends, presses, word, title } = talk;
    says("/start");
    await hears(talk.text(book.greeting).replace("{name}", person.user.first_name));
    const menu = await hears(talk.text(book.menu.text));

    // A request, with a way back, a branch, every kind of answer, and a press that comes too late.
    presses(menu, title("create_request"));
    const category = await asked("create_request", "category");
    presses(category, label("create_request", "category", "other"));
    const subject = await asked("create_request", "subject");
    presses(subject, word("back"));
    const again = await asked("create_request", "category");
    presses(category, label("create_request", "category", "lift"));
    await heardAnswer(person, word("outdated"));
    presses(again, label("create_request", "category", "plumbing"));
    await asked("create_request", "address");
    says("Amir Temur 5, 12");
    await asked("create_request", "description");
    says("The tap drips all night");
    const urgency = await asked("create_request", "urgency");
    presses(urgency, label("create_request", "urgency", "normal"));
    const day = await asked("create_request", "day");
    presses(day, word("tomorrow"));
    await asked("create_request", "phone");
    sends({ kind: "contact", phone: "998901234567" });
    await asked("create_request", "place");
    sends({ kind: "location", latitude: 41.31, longitude: 69.28 });
    await hears(word("accepted"));
    await asked("create_request", "photo");
    sends({ kind: "photo" });
    const summary = await hears(/\+998901234567[^]*41\.31000, 69\.28000/);
    assert.ok(String(summary.text).startsWith(talk.text(talk.stepOf("create_request", "check").prompt)));
    presses(summary, word("confirm"));
    const done = talk.text(talk.stepOf("create_request", "sent").done);
    const sent = await hears(new RegExp(`^${done.replace("{sent.number}", "(\\d+)")}$`));
    const number = /\d+/.exec(String(sent.text))?.[0] ?? "";

    // What became of it: by the menu under the last message, then by a link, and by a button that is a route's.
    presses(sent, title("my_requests"));
    const list = await hears(new RegExp(`№ ${number} · plumbing · Amir Temur 5, 12`));
    presses(list, `request:${number}`);
    await hears(new RegExp(`№ ${number}[^]*${word("number")}`));
    says(`/start status_${number}`);
    const status = talk.text(talk.stepOf("request_status", "found").done);
    await hears(status.replace("{found.number}", number).replace("{found.status}", word("number")));

    // Shifts: those of a day, one taken, one's own.
    says("/schedule");
    presses(await asked("schedule", "day"), word("tomorrow"));
    await hears(/08:00–16:00: /);
    says("/take");
    const offered = await asked("take_shift", "shift");
    const [first = ""] = labelsOf(offered);
    presses(offered, first);
    presses(await hears(new RegExp(`${first}$`)), word("confirm"));
    // Two may have chosen the same one; the second is told so.
    const verdict = await hears(/./);
    const yes = talk.text(talk.stepOf("take_shift", "yes").text).replace("{shift}", first);
    const late = talk.text(talk.stepOf("take_shift", "late").text);
    assert.ok([yes, late].includes(String(verdict.text)), String(verdict.text));
    says("/shifts");
    if (verdict.text === yes) await hears(first);
    else await hears(/./);

    // Not for everybody.
    says("/users");
    await hears(/./);

    // Settings: another language, and back by command.
    says("/settings");
    presses(await asked("settings", "what"), label("settings", "what", "language"));
    const other = language === "en" ? "uz" : "en";
    const names: Texts = { ru: "Русский", uz: "O‘zbekcha", en: "English" };
    presses(await hears(/./), names[other] ?? "");
    await hears(talk.stepOf("settings", "saved").text?.[other] ?? "");
    says("/menu");
    await hears(book.menu.text[other] ?? "");
    says("/request");
    await hears(talk.stepOf("create_request", "category").prompt?.[other] ?? "");
    says("/cancel");
    await hears(words["cancelled"]?.[other] ?? "");
    return person;
  }

  async function heardAnswer(person: TelegramPerson, text: string): Promise<void> {
    const answers = () =>
      simulator.journal.seenBy(person.id).filter(({ kind }) => kind === "callback_answer");
    await until(() => answers().some(({ body }) => body["text"] === text), { withinMs });
  }

  it("goes through everything in Russian, Uzbek and English at once", { timeout: 300_000 }, async () => {
    const people = await Promise.all(languages.map(goThrough));
    // An edit after a press goes beside the outbox's windows, so a send after it may be asked to wait; then it waits.
    assert.ok(simulator.journal.violations.length <= people.length);
    assert.ok(simulator.journal.violations.every(({ isEarly }) => !isEarly));
    // What was said is in the chats, for the owner too.
    const { items } = await expect<{ items: readonly { id: number; title: string }[] }>(
      200,
      cluster.base,
      "GET",
      "/v1/chats",
      { token: owner.token },
    );
    assert.equal(items.length, people.length);
    for (const { id } of items) {
      const history = await readHistory(cluster.base, owner, id);
      assert.ok(history.items.some(({ body }) => body === "The tap drips all night"));
    }
  });

  it("[L10] goes on where it was when the courier and Redis are killed in its midst", {
    timeout: 120_000,
  }, async () => {
    const person = simulator.addUser({ firstName: "Rustam", languageCode: "en" });
    const talk = converse(person, "en");
    talk.says("/request lift");
    await talk.asked("create_request", "address");
    // What was under way to Telegram at a kill may come twice, which is not the subject here.
    const chatId = await findChat(person.user.first_name);
    await until(
      async () => {
        const { items } = await readHistory(cluster.base, owner, chatId);
        const said = items as readonly { readonly telegram?: { readonly state: string } }[];
        return said.some(({ telegram }) => telegram?.state === "sent");
      },
      { withinMs },
    );
    cluster.kill("courier", 0, "SIGKILL");
    for (const index of cluster.pids.redis.keys()) cluster.kill("redis", index, "SIGKILL");
    talk.says("Amir Temur 5");
    await talk.asked("create_request", "description");
    talk.says("It stands still");
    await talk.asked("create_request", "urgency");
    talk.says("/cancel");
    await talk.hears(talk.word("cancelled"));
    const seen = simulator.journal.seenBy(person.id).filter(({ kind }) => kind === "message");
    assert.equal(seen.length, 4);
  });

  it("an operator looks people and figures up", { timeout: 120_000 }, async () => {
    const person = simulator.addUser({ firstName: "Olga", languageCode: "en" });
    const talk = converse(person, "en");
    talk.says("/start");
    await talk.hears(/^Hello, Olga/);
    const menu = await talk.hears(talk.text(book.menu.text));
    assert.ok(!labelsOf(menu).includes(talk.title("users")));
    const userId = await findTelegramUser(person.user.first_name);
    const granted = ["role", "grant", "operator", "--user", String(userId), "--data", cluster.dataDir];
    await promisify(execFile)(process.execPath, [cli, ...granted]);
    talk.says("/menu");
    const wider = await talk.hears(talk.text(book.menu.text));
    talk.presses(wider, talk.title("users"));
    await talk.asked("users", "search");
    talk.says("person");
    await talk.hears(/Person ru[^]*Person|Person/);
    talk.says("/analytics");
    talk.presses(await talk.asked("analytics", "period"), talk.label("analytics", "period", "week"));
    await talk.hears(/^Requests: 3, open: 3/);
  });

  /** A person's chat with the bot, as its owner sees it. */
  async function findChat(title: string): Promise<number> {
    const { items } = await expect<{ items: readonly { id: number; title: string }[] }>(
      200,
      cluster.base,
      "GET",
      "/v1/chats",
      { token: owner.token },
    );
    return items.find((each) => each.title === title)?.id ?? 0;
  }

  /** The account of somebody of Telegram's. */
  async function findTelegramUser(name: string): Promise<number> {
    const { items } = await readHistory(cluster.base, owner, await findChat(name));
    return items.find(({ body }) => body === "/start")?.senderId ?? 0;
  }
});

async function readJson(name: string): Promise<string> {
  return readFile(new URL(name, folder), "utf8");
}

function labelsOf(message: Message): string[] {
  const rows = (message.reply_markup?.["inline_keyboard"] ?? []) as { text: string }[][];
  return rows.flat().map(({ text }) => text);
}

/** The services of the example as a process of its own, which is how a company has them. */
async function openServices(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const program = fileURLToPath(new URL("services.ts", folder));
  const child = spawn(process.execPath, [program, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, url: /http:\S+/.exec(line)?.[0] ?? "" };
}

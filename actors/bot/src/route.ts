/** The decider behind a bot's routes: which service, or which words, for what its people do. Pure. */
import {
  type BotDecider,
  type BotEvent,
  type BotTexts,
  type BotVerdict,
  readPattern,
  type RouteTable,
  type RouteTarget,
  wordsFor,
} from "@rookery/protocol";

type CommandRoute = NonNullable<RouteTable["commands"]>[number];
type Role = CommandRoute["role"];

const unknownCommand: BotTexts = {
  en: "I do not know this command.",
  ru: "Я не знаю такой команды.",
  uz: "Men bunday buyruqni bilmayman.",
};
const forbidden: BotTexts = {
  en: "You may not do this.",
  ru: "У вас нет прав на это.",
  uz: "Sizda bunga ruxsat yoʻq.",
};
const apology: BotTexts = {
  en: "Something does not work at the moment. Please try again later.",
  ru: "Сейчас что-то не работает. Пожалуйста, попробуйте позже.",
  uz: "Hozir nimadir ishlamayapti. Iltimos, keyinroq urinib koʻring.",
};
const expired: BotTexts = {
  en: "This button is too old.",
  ru: "Эта кнопка устарела.",
  uz: "Bu tugma eskirgan.",
};
const rateLimit: BotTexts = {
  en: "Not so fast, please: wait a moment.",
  ru: "Не так быстро, пожалуйста: подождите немного.",
  uz: "Iltimos, shoshilmang: biroz kuting.",
};

export function openRoutes(table: RouteTable): BotDecider {
  const commands = new Map((table.commands ?? []).map((route) => [route.command, route]));
  const callbacks = (table.callbacks ?? []).map((route) => ({ ...route, reads: readerOf(route) }));

  function targetOf(event: BotEvent): Found | null {
    const { input } = event;
    switch (input.kind) {
      case "command": {
        const route = commands.get(input.name);
        if (route !== undefined)
          return { to: route.to, role: route.role, payload: { argument: input.argument } };
        // A group has other bots, whose commands these may be.
        const isOurs = event.isPrivate || table.unknownCommand !== undefined;
        return isOurs ? { to: { reply: table.unknownCommand ?? unknownCommand }, role: undefined } : null;
      }
      case "callback": {
        if (input.data === null) return { to: { reply: table.expired ?? expired }, role: undefined };
        for (const { reads, to, role } of callbacks) {
          const match = reads(input.data);
          if (match !== null) return { to, role, payload: { match } };
        }
        return null;
      }
      case "text":
        return table.text === undefined ? null : { to: table.text, role: undefined };
      case "file":
      case "contact":
      case "location":
        return table.other === undefined ? null : { to: table.other, role: undefined };
      case "other":
        return null;
    }
  }

  return {
    decide(event) {
      const found = targetOf(event);
      if (found === null) return null;
      if (!mayUse(event.person.role, found.role)) return say(event, table.forbidden ?? forbidden);
      const { service, reply } = found.to;
      if (service === undefined) return say(event, reply);
      return {
        actions: [],
        call: { service, ...(found.payload === undefined ? {} : { payload: found.payload }) },
      };
    },
    resume(event, _memory, answer) {
      if (answer.kind === "answered") return { actions: answer.actions };
      return say(event, apologyOf(table));
    },
  };
}

interface Found {
  readonly to: RouteTarget;
  readonly role: Role;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** What people hear when nothing helped. */
export function apologyOf(table: RouteTable): BotTexts {
  return table.apology ?? apology;
}

/** What people hear who are too fast. */
export function rateLimitOf(table: RouteTable): BotTexts {
  return table.rateLimit ?? rateLimit;
}

/** Words for a person: beside the button where they pressed one, else into the chat. */
export function say({ input, person, chatId }: BotEvent, said: BotTexts | undefined): BotVerdict {
  const body = wordsFor(said, person.language);
  if (body === undefined) return { actions: [] };
  if (input.kind === "callback") return { actions: [{ kind: "answer", text: body.slice(0, 200) }] };
  return { actions: chatId === null ? [] : [{ kind: "send", message: { body } }] };
}

function mayUse(role: BotEvent["person"]["role"], needed: Role): boolean {
  if (needed === undefined || role === "admin") return true;
  return needed === "operator" && role === "operator";
}

/** What a payload says in the route's places; null when it is another's. */
function readerOf({
  match,
  value,
}: NonNullable<RouteTable["callbacks"]>[number]): (data: string) => Readonly<Record<string, string>> | null {
  if (match === "exact") return (data) => (data === value ? {} : null);
  if (match === "prefix") {
    return (data) => (data.startsWith(value) ? { rest: data.slice(value.length) } : null);
  }
  const { names, expression } = readPattern(value, "");
  return (data) => {
    const found = expression.exec(data);
    return found === null ? null : Object.fromEntries(names.map((name, at) => [name, found[at + 1] ?? ""]));
  };
}

import type { Bot } from "../world/bot.ts";
import type { Chat } from "../world/chat.ts";
import type { Json, Message } from "../world/message.ts";
import type { Person } from "../world/person.ts";
import type { Stage } from "./control.ts";

/** The fields of a control call. @throws Error that names the field */
export interface Fields {
  readonly body: Json;
  text(name: string): string | undefined;
  required(name: string): string;
  integer(name: string): number | undefined;
  bot(name: string): Bot;
  bots(name: string): readonly Bot[];
  /** By id or username; a new username is a new person. */
  person(name: string): Person;
  people(name: string): readonly Person[];
  group(name: string): Chat;
  /** `bot` (their private chat) or `chat`. */
  where(): Bot | Chat;
  /** The one of that id; the last one there if none is given. */
  message(person: Person, name?: string): Message;
}

export function openFields(stage: Stage, body: Json): Fields {
  const { world } = stage;

  function required(name: string): unknown {
    const value = body[name];
    if (value === undefined || value === "") throw new Error(`${name} is missing`);
    return value;
  }

  function toBot(value: unknown): Bot {
    const name = String(value).replace(/^@/, "");
    const found = [...world.bots.values()].find(
      ({ id, user }) => String(id) === name || user.username === name,
    );
    if (found === undefined) throw new Error(`there is no bot ${name}`);
    return found;
  }

  function toPerson(value: unknown): Person {
    const name = String(value).replace(/^@/, "");
    const found = [...world.users.values()].find(
      ({ id, username }) => String(id) === name || username === name,
    );
    if (found !== undefined) return stage.person(found);
    if (/^\d+$/.test(name)) throw new Error(`there is no user ${name}`);
    return stage.addUser({ firstName: name, username: name });
  }

  function group(name: string): Chat {
    const value = required(name);
    const chat = [...world.bots.values()]
      .map((bot) => world.chatOf(bot, typeof value === "number" ? value : Number(value) || String(value)))
      .find((one) => one !== undefined);
    if (chat === undefined) throw new Error(`there is no chat ${String(value)}`);
    return chat;
  }

  function list(name: string): readonly unknown[] {
    const value = body[name] ?? [];
    if (!Array.isArray(value)) throw new Error(`${name} is no list`);
    return value;
  }

  const where = (): Bot | Chat => (body["chat"] === undefined ? toBot(required("bot")) : group("chat"));

  return {
    body,
    text: (name) => {
      const value = body[name];
      if (value === undefined) return undefined;
      return typeof value === "string" ? value : JSON.stringify(value);
    },
    required: (name) => String(required(name)),
    integer: (name) => (body[name] === undefined ? undefined : Number(body[name])),
    bot: (name) => toBot(required(name)),
    bots: (name) => list(name).map(toBot),
    person: (name) => toPerson(required(name)),
    people: (name) => list(name).map(toPerson),
    group,
    where,
    message(person, name = "messageId") {
      const place = where();
      const chat = "token" in place ? world.openPrivateChat(place, person.user) : place;
      const id = body[name] === undefined ? undefined : Number(body[name]);
      const message = id === undefined ? [...chat.messages.values()].at(-1) : chat.messages.get(id);
      if (message === undefined) throw new Error(`there is no message ${id ?? ""} there`);
      return message;
    },
  };
}

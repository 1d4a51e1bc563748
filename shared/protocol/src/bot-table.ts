/** A bot's tables as data: where what its people do goes, and which services answer. Checked when they are written. */
import type { ServiceAnswer } from "./decider.ts";
import { limits } from "./limit.ts";
import {
  choice,
  type Field,
  flag,
  type Infer,
  integer,
  invalid,
  list,
  object,
  optional,
  record,
  required,
  text,
  type Type,
} from "./schema.ts";

/** Text in the languages people read; whoever reads none of them gets the first there is: en, ru, uz. */
export const botLanguages = ["en", "ru", "uz"] as const;

const visible = /\S/;
const textsOf = (bytesMax: number) => {
  const one = text({ bytesMax, pattern: visible });
  return object("BotTexts", { en: optional(1, one), ru: optional(2, one), uz: optional(3, one) });
};
const texts = textsOf(4_096);
const serviceName = text({ bytesMax: 64, pattern: /^[a-z][a-z0-9-]{0,63}$/ });
const role = choice("operator", "admin");

/** A service by its name, or words at once. */
const target = object("RouteTarget", { service: optional(1, serviceName), reply: optional(2, texts) });

const tableMax = 100;

const routeFields = {
  commands: optional(
    1,
    list(
      object("CommandRoute", {
        /** Telegram's rule. */
        command: required(1, text({ bytesMax: 32, pattern: /^[a-z0-9_]{1,32}$/ })),
        to: required(2, target),
        role: optional(3, role),
        /** Told to Telegram (`setMyCommands`), where people see it in the bot's menu; without one it is not in the menu. */
        description: optional(4, textsOf(256)),
      }),
      { max: tableMax },
    ),
  ),
  /** The first that matches. */
  callbacks: optional(
    2,
    list(
      object("CallbackRoute", {
        match: required(1, choice("exact", "prefix", "pattern")),
        /** Of a pattern: `request:{id}:take`, where `{id}` is anything up to the character after it. */
        value: required(2, text({ bytesMax: 256, pattern: visible })),
        to: required(3, target),
        role: optional(4, role),
      }),
      { max: tableMax },
    ),
  ),
  text: optional(3, target),
  /** Files, contacts, places. */
  other: optional(4, target),
  unknownCommand: optional(5, texts),
  apology: optional(6, texts),
  forbidden: optional(7, texts),
  rateLimit: optional(8, texts),
  /** Beside a button whose token has expired or was invalidated. */
  expired: optional(10, texts),
  /** Per person; what is beyond is kept and not answered. */
  flood: optional(
    9,
    object("Flood", {
      off: optional(1, flag),
      perSecond: optional(2, integer({ min: 1, max: 100 })),
      perMinute: optional(3, integer({ min: 1, max: 10_000 })),
      perHour: optional(4, integer({ min: 1, max: 100_000 })),
      commandsPerMinute: optional(5, integer({ min: 1, max: 10_000 })),
    }),
  ),
};
const routeTable = object("RouteTable", routeFields);
export type RouteTable = Infer<typeof routeFields>;
export type RouteTarget = NonNullable<RouteTable["text"]>;
export type BotTexts = NonNullable<RouteTable["apology"]>;

const serviceFields = {
  url: required(1, text({ bytesMax: 2_048, pattern: /^https?:\/\// })),
  /** Of one attempt. */
  timeoutMs: optional(2, integer({ min: 3_000, max: 10_000 })),
  /** After the first attempt. */
  retries: optional(3, integer({ min: 0, max: 3 })),
  /** Sealed at rest; a reader sees their names. */
  headers: optional(4, record("string", text({ bytesMax: 4_096, pattern: /^[\x20-\x7e]*$/ }), { max: 20 })),
};
const serviceTable = record("string", object("BotService", serviceFields), { max: 50 });
export type BotService = Infer<typeof serviceFields>;
export type ServiceTable = Readonly<Record<string, BotService>>;

/** @throws Fault `invalid` that begins with the path of what is wrong. */
export function parseRouteTable(value: unknown): RouteTable {
  const table = routeTable.check(value, "");
  const targets: [string, RouteTarget | undefined][] = [
    ["text", table.text],
    ["other", table.other],
    ...(table.commands ?? []).map(({ to }, at) => [`commands[${at}].to`, to] as [string, RouteTarget]),
    ...(table.callbacks ?? []).map(({ to }, at) => [`callbacks[${at}].to`, to] as [string, RouteTarget]),
  ];
  for (const [path, to] of targets) {
    if (to !== undefined && (to.service === undefined) === (to.reply === undefined)) {
      throw invalid(path, "must be a service or a reply");
    }
  }
  const seen = new Set<string>();
  for (const [at, { command }] of (table.commands ?? []).entries()) {
    if (seen.has(command)) throw invalid(`commands[${at}].command`, "is there twice");
    seen.add(command);
  }
  for (const [at, { match, value: said }] of (table.callbacks ?? []).entries()) {
    if (match === "pattern") readPattern(said, `callbacks[${at}].value`);
  }
  return table;
}

/** @throws Fault `invalid` that begins with the path of what is wrong. */
export function parseServiceTable(value: unknown): ServiceTable {
  const table = serviceTable.check(value, "services");
  for (const [name, { url, headers = {} }] of Object.entries(table)) {
    const path = `services.${name}`;
    serviceName.check(name, path);
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed === null) throw invalid(`${path}.url`, "must be a URL");
    if (parsed.username !== "" || parsed.password !== "") throw invalid(`${path}.url`, "must name no user");
    for (const header of Object.keys(headers)) {
      if (
        !/^[A-Za-z0-9-]{1,64}$/.test(header) ||
        /^(host|connection|content-.*|transfer-encoding)$/i.test(header)
      ) {
        throw invalid(`${path}.headers`, `${header.slice(0, 64)} cannot be set`);
      }
    }
  }
  return table;
}

/** The services a table speaks of, with the path where it does. */
export function servicesOf(
  table: RouteTable,
): readonly { readonly path: string; readonly service: string }[] {
  const named = (path: string, to: RouteTarget | undefined) =>
    to?.service === undefined ? [] : [{ path: `${path}.service`, service: to.service }];
  return [
    ...named("text", table.text),
    ...named("other", table.other),
    ...(table.commands ?? []).flatMap(({ to }, at) => named(`commands[${at}].to`, to)),
    ...(table.callbacks ?? []).flatMap(({ to }, at) => named(`callbacks[${at}].to`, to)),
  ];
}

/** In reading order: literals and names by turns. */
export interface CallbackPattern {
  readonly names: readonly string[];
  readonly expression: RegExp;
}

const placesMax = 8;

/**
 * Each place takes anything but the character after it, so that there is one way to read a text: matching is linear.
 * @throws Fault `invalid`
 */
export function readPattern(pattern: string, path: string): CallbackPattern {
  const parts = pattern.split(/\{([a-z][A-Za-z0-9]{0,31})\}/);
  const names = parts.filter((_, at) => at % 2 === 1);
  if (names.length === 0 || names.length > placesMax)
    throw invalid(path, `must have 1 to ${placesMax} places like {id}`);
  if (new Set(names).size < names.length) throw invalid(path, "names a place twice");
  if (parts.some((part, at) => at % 2 === 0 && /[{}]/.test(part)))
    throw invalid(path, "has a brace that is no place's");
  let source = "";
  for (const [at, part] of parts.entries()) {
    if (at % 2 === 0) {
      source += escape(part);
      continue;
    }
    const next = parts[at + 1] ?? "";
    const isLast = at === parts.length - 2;
    if (next === "" && !isLast) throw invalid(path, "has two places side by side");
    source += next === "" ? "([^]+)" : `([^${escape(String.fromCodePoint(next.codePointAt(0) ?? 0))}]+)`;
  }
  return { names, expression: new RegExp(`^${source}$`, "u") };
}

function escape(literal: string): string {
  return literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

const dataBytesMax = 4_096;
const messagesMax = 10;
const invalidatedMax = 20;

/** What buttons are about: `request:42`. */
export const buttonEntity = text({ bytesMax: 128, pattern: visible });
/** A second to 30 days, which is how long tokens are kept. */
export const buttonLifeMs = { min: 1_000, max: 30 * 24 * 3_600_000 } as const;

const button = object("ServiceButton", {
  text: required(1, text({ bytesMax: 256, pattern: visible })),
  data: optional(2, text({ bytesMax: dataBytesMax, pattern: visible })),
  url: optional(3, text({ bytesMax: 2_048 })),
  request: optional(4, choice("contact", "location")),
  entity: optional(5, buttonEntity),
  lifeMs: optional(6, integer(buttonLifeMs)),
});
const keyboard = object("ServiceKeyboard", {
  rows: required(
    1,
    list(
      object("ServiceRow", { buttons: required(1, list(button, { min: 1, max: limits.buttonsInRowMax })) }),
      { max: limits.keyboardRowsMax },
    ),
  ),
  place: optional(2, choice("inline", "reply", "removed")),
});
const words = text({ bytesMax: limits.bodyBytesMax });
const file = text({ bytesMax: 512, pattern: visible });
const anything: Type<unknown> = { proto: { kind: "frames" }, check: (value) => value };
const data: Field<Readonly<Record<string, unknown>>, "optional"> = optional(
  4,
  record("string", anything, { max: 100 }),
);

/** What a service may answer (`services/courier/bot-service.openapi.json`). */
const answer = object("ServiceReply", {
  messages: optional(
    1,
    list(
      object("ServiceMessage", {
        text: optional(1, words),
        keyboard: optional(2, keyboard),
        photo: optional(3, file),
        document: optional(4, file),
      }),
      { max: messagesMax },
    ),
  ),
  edit: optional(
    2,
    object("ServiceEdit", {
      /** Missing: the message that was pressed on. */
      messageId: optional(1, integer({ min: 1 })),
      text: required(2, text({ bytesMax: limits.bodyBytesMax, pattern: visible })),
      keyboard: optional(3, keyboard),
    }),
  ),
  answer: optional(
    3,
    object("ServiceNotice", { text: required(1, text({ bytesMax: 800 })), alert: optional(2, flag) }),
  ),
  data,
  /** Entities whose buttons work no more. */
  invalidate: optional(5, list(buttonEntity, { max: invalidatedMax })),
});

/** Telegram's, in UTF-16 units. */
const textMax = 4_096;
const captionMax = 1_024;
const noticeMax = 200;

/** What a service said, as actions. @throws Fault `invalid` that says what is wrong with it. */
export function parseServiceAnswer(
  value: unknown,
  pressed: number | null,
): Extract<ServiceAnswer, { kind: "answered" }> {
  const said = answer.check(value, "");
  const actions: ServiceAnswerAction[] = [];
  for (const [at, { text: body = "", keyboard: keys, photo, document }] of (said.messages ?? []).entries()) {
    const fileId = photo ?? document;
    const path = `messages[${at}]`;
    if (fileId === undefined && !visible.test(body)) throw invalid(`${path}.text`, "must not be empty");
    const max = fileId === undefined ? textMax : captionMax;
    if (body.length > max) throw invalid(`${path}.text`, `must be at most ${max} characters`);
    const file =
      fileId === undefined
        ? {}
        : { file: { kind: photo === undefined ? "document" : "photo", fileId } as const };
    actions.push({
      kind: "send",
      message: { body, ...file, ...(keys === undefined ? {} : { keyboard: keys }) },
    });
  }
  if (said.edit !== undefined) {
    const { text: body, keyboard: keys, messageId = pressed } = said.edit;
    if (messageId === null) throw invalid("edit.messageId", "is missing");
    if (body.length > textMax) throw invalid("edit.text", `must be at most ${textMax} characters`);
    actions.push({ kind: "edit", messageId, body, ...(keys === undefined ? {} : { keyboard: keys }) });
  }
  if (said.answer !== undefined) {
    const { text: body, alert = false } = said.answer;
    if (body.length > noticeMax) throw invalid("answer.text", `must be at most ${noticeMax} characters`);
    actions.push({ kind: "answer", text: body, alert });
  }
  for (const entity of said.invalidate ?? []) actions.push({ kind: "invalidate", entity });
  return { kind: "answered", actions, data: said.data ?? {} };
}

type ServiceAnswerAction = Extract<ServiceAnswer, { kind: "answered" }>["actions"][number];

/** The words in a person's language (`language_code`, such as `ru` or `uz-Latn`), or in the first there is. */
export function wordsFor(said: BotTexts | undefined, language: string | null): string | undefined {
  const own = botLanguages.find((each) => each === language?.slice(0, 2).toLowerCase());
  return [own, ...botLanguages].flatMap((each) => (each === undefined ? [] : (said?.[each] ?? [])))[0];
}

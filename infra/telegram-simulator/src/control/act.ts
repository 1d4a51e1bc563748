/** What a script lets people do, by name. */
import type { MediaKind } from "../world/file.ts";
import { mediaFormats } from "../world/file.ts";
import type { Message } from "../world/message.ts";
import type { Content } from "../world/person.ts";
import type { Stage } from "./control.ts";
import type { Fields } from "./fields.ts";

interface Act {
  /** For the help. */
  readonly fields: string;
  readonly run: (stage: Stage, fields: Fields) => unknown;
}

const place = "user, bot or chat";

export const acts: Readonly<Record<string, Act>> = {
  says: {
    fields: `${place}, text, replyTo?`,
    run: (_stage, fields) => {
      const options = replyOf(fields);
      return fields.person("user").says(fields.where(), fields.text("text") ?? "", options);
    },
  },
  sends: {
    fields: `${place}, kind, caption?, name?, latitude?, longitude?, phone?`,
    run: (_stage, fields) => {
      const caption = fields.text("caption");
      const options = caption === undefined ? {} : { caption };
      return fields.person("user").sends(fields.where(), contentOf(fields), options);
    },
  },
  edits: {
    fields: `${place}, messageId?, text`,
    run: (_stage, fields) => {
      const person = fields.person("user");
      return person.edits(fields.message(person), fields.where(), fields.text("text") ?? "");
    },
  },
  presses: {
    fields: `${place}, messageId?, button`,
    run: (_stage, fields) => {
      const person = fields.person("user");
      return { queryId: person.presses(fields.message(person), fields.where(), fields.text("button") ?? "") };
    },
  },
  reacts: {
    fields: `${place}, messageId?, emoji?`,
    run: (_stage, fields) => {
      const person = fields.person("user");
      person.reacts(fields.message(person), fields.where(), fields.text("emoji"));
    },
  },
  asks: {
    fields: "user, bot, query",
    run: (_stage, fields) => ({
      queryId: fields.person("user").asks(fields.bot("bot"), fields.text("query") ?? ""),
    }),
  },
  joins: { fields: "user, chat", run: (_stage, fields) => fields.person("user").joins(fields.group("chat")) },
  leaves: {
    fields: "user, chat",
    run: (_stage, fields) => fields.person("user").leaves(fields.group("chat")),
  },
  blocks: { fields: "user, bot", run: (_stage, fields) => fields.person("user").blocks(fields.bot("bot")) },
  unblocks: {
    fields: "user, bot",
    run: (_stage, fields) => fields.person("user").unblocks(fields.bot("bot")),
  },
  admits: {
    fields: "user (who does it), chat, bot, status?",
    run: (stage, fields) => {
      const status = fields.text("status") ?? "member";
      if (!isStatus(status)) throw new Error(`there is no status ${status}`);
      stage.setStatus(fields.group("chat"), fields.bot("bot").user, status, fields.person("user").user);
    },
  },
  migrates: { fields: "chat", run: (stage, fields) => stage.migrate(fields.group("chat")).json },
};

const statuses = ["administrator", "member", "left", "kicked"] as const;

function isStatus(text: string): text is (typeof statuses)[number] {
  return statuses.some((status) => status === text);
}

function replyOf(fields: Fields): { readonly replyTo?: Message } {
  if (fields.integer("replyTo") === undefined) return {};
  return { replyTo: fields.message(fields.person("user"), "replyTo") };
}

function contentOf(fields: Fields): Content {
  const kind = fields.text("kind") ?? "";
  if (kind === "location") {
    return { kind, latitude: fields.integer("latitude") ?? 0, longitude: fields.integer("longitude") ?? 0 };
  }
  if (kind === "contact") return { kind, phone: fields.text("phone") ?? "+10000000000" };
  if (!(kind in mediaFormats)) throw new Error(`nothing of kind ${kind} can be sent`);
  const name = fields.text("name");
  return { kind: kind as MediaKind, ...(name === undefined ? {} : { name }) };
}

/** What messages hold that is neither text nor a file, in our words. */
import { type Contact, limits, type Location, type PollDraft } from "@rookery/protocol";
import { z } from "zod";
import { cutBytes } from "./cut.ts";
import { serviceWords } from "./service-words.ts";

/** A kind, what can be read where there is no text, and the content that goes with a kind of its own. */
export interface MessageContent {
  readonly kind: string;
  readonly words: string;
  readonly poll?: PollDraft;
  readonly location?: Location;
  readonly contact?: Contact;
}

type Fields = Readonly<Record<string, unknown>>;

const place = z.object({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  horizontal_accuracy: z.number().min(0).max(1_500).optional().catch(undefined),
});
const visible = z.string().regex(/\S/);
const person = z.object({
  phone_number: visible,
  first_name: visible,
  last_name: z.string().optional().catch(undefined),
});
const question = z.object({
  question: visible,
  options: z
    .array(z.object({ text: visible }))
    .min(2)
    .max(limits.pollOptionsMax),
  allows_multiple_answers: z.boolean().catch(false),
});

/** By the field that says it, in this order: a venue carries a location too. */
const readers: Readonly<Record<string, (value: Fields, message: Fields) => MessageContent>> = {
  venue: readVenue,
  location: readLocation,
  contact: readContact,
  poll: readPoll,
  dice: ({ emoji, value }) => ({ kind: "dice", words: `${wordOf(emoji)} ${wordOf(value)}`.trim() }),
  live_photo: () => ({ kind: "live_photo", words: "" }),
  game: (game) => ({ kind: "game", words: linesOf(game["title"], game["description"]) }),
  invoice: (invoice) => ({ kind: "invoice", words: linesOf(invoice["title"], invoice["description"]) }),
  paid_media: ({ star_count: stars }) => ({ kind: "paid_media", words: `${wordOf(stars)} ⭐`.trim() }),
  checklist: readChecklist,
  story: () => ({ kind: "story", words: "" }),
};

/** What is left and known to be none of these is a service message: joined, left, pinned, … */
export function readContent(message: Fields): MessageContent {
  for (const [field, read] of Object.entries(readers)) {
    const value = message[field];
    if (value !== undefined) return read(isFields(value) ? value : {}, message);
  }
  return { kind: "service", words: serviceWords(message) };
}

function readVenue(venue: Fields, message: Fields): MessageContent {
  const words = linesOf(venue["title"], venue["address"]);
  const location = locationOf(venue["location"]) ?? locationOf(message["location"]);
  return location === null ? { kind: "venue", words } : { kind: "location", words, location };
}

function readLocation(value: Fields): MessageContent {
  const location = locationOf(value);
  return location === null ? unreadable("location") : { kind: "location", words: "", location };
}

function locationOf(value: unknown): Location | null {
  const parsed = place.safeParse(value);
  if (!parsed.success) return null;
  const { latitude, longitude, horizontal_accuracy: accuracyM } = parsed.data;
  return { latitude, longitude, ...(accuracyM === undefined ? {} : { accuracyM }) };
}

function readContact(value: Fields): MessageContent {
  const parsed = person.safeParse(value);
  if (!parsed.success) return unreadable("contact", wordOf(value["phone_number"]));
  const { phone_number: phone, first_name: firstName, last_name: lastName } = parsed.data;
  const contact = {
    phone: cutBytes(phone, phoneBytesMax),
    firstName: cutBytes(firstName, nameBytesMax),
    ...(lastName === undefined ? {} : { lastName: cutBytes(lastName, nameBytesMax) }),
  };
  return { kind: "contact", words: "", contact };
}

function readPoll(value: Fields): MessageContent {
  const parsed = question.safeParse(value);
  if (!parsed.success) return unreadable("poll", wordOf(value["question"]));
  const { options, allows_multiple_answers: multiple } = parsed.data;
  const poll = {
    question: cutBytes(parsed.data.question, limits.pollQuestionBytesMax),
    options: options.map(({ text }) => cutBytes(text, limits.pollOptionBytesMax)),
    multiple,
  };
  return { kind: "poll", words: "", poll };
}

function readChecklist({ title, tasks }: Fields): MessageContent {
  const lines = Array.isArray(tasks) ? tasks.map((task) => (isFields(task) ? wordOf(task["text"]) : "")) : [];
  return {
    kind: "checklist",
    words: linesOf(title, ...lines.map((line) => (line === "" ? "" : `☐ ${line}`))),
  };
}

/** A kind of ours must have its content; what Telegram said stays in the raw update. */
function unreadable(kind: string, words = ""): MessageContent {
  return { kind: "other", words: words === "" ? kind : `${kind}: ${words}` };
}

function linesOf(...values: readonly unknown[]): string {
  return values
    .map(wordOf)
    .filter((line) => line !== "")
    .join("\n");
}

function wordOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

/** The limits of the frame's parts (`@rookery/protocol`, content.ts). */
const phoneBytesMax = 64;
const nameBytesMax = 256;

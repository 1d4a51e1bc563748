import { createRoute, z } from "@hono/zod-openapi";
import { bookLimits, bookServices, checkBook, type DialogBook, type Issue } from "@rookery/dialog-book";
import { Fault, type ServiceTable } from "@rookery/protocol";
import { readDialogs, readProgram, writeDialogs } from "@rookery/store";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { RequestFault } from "../problem.ts";
import { json, problem } from "../schema.ts";
import { idInPath } from "../validation.ts";

/** Checked by `checkBook`, which names every wrong place; its form is told in `shared/dialog-book`. */
const bookSchema = z.looseObject({}).openapi("DialogBook", {
  description:
    "Languages, greeting, help, menu, words and dialogues of a bot; {} has it answer by routes alone",
  example: {
    languages: ["en"],
    greeting: { en: "Hello, {name}!" },
    help: { en: "/menu shows what I can do." },
    menu: { text: { en: "What can I do for you?" }, dialogs: ["opinion"] },
    dialogs: {
      opinion: {
        title: { en: "Tell us" },
        steps: [
          { id: "words", kind: "text", prompt: { en: "What do you think?" } },
          { id: "thanks", kind: "say", text: { en: "Thank you!" } },
        ],
      },
    },
  },
});

/** What a bot asks and says by itself, as data. */
export function registerDialogRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, now } = context;
  const needs = openNeeds(context);
  const params = z.object({ id: idInPath });

  const read = createRoute({
    method: "get",
    path: "/v1/bots/{id}/dialogs",
    summary: "The dialogues of a bot, as they were written",
    ...needs("bots:read"),
    request: { params },
    responses: { 200: json(bookSchema, "The dialogues; {} where there are none"), default: problem },
  });
  app.openapi(read, async (c) => {
    const key = { id: c.req.valid("param").id, ownerId: c.get("principal").userId };
    const book = await readDialogs(store, key);
    if (book === null) throw noBot();
    return c.json({ ...book }, 200);
  });

  const write = createRoute({
    method: "put",
    path: "/v1/bots/{id}/dialogs",
    summary:
      "Writes the dialogues of a bot, whose services are there; those under way whose step is gone end",
    ...needs("bots:manage"),
    request: { params, body: { required: true, content: { "application/json": { schema: bookSchema } } } },
    responses: { 200: json(bookSchema, "The dialogues, as they were written"), default: problem },
  });
  app.openapi(write, async (c) => {
    const key = { id: c.req.valid("param").id, ownerId: c.get("principal").userId };
    // Another's bot is not there, before anything is said about the dialogues.
    const program = await readProgram(store, key);
    if (program === null) throw noBot();
    const book = c.req.valid("json");
    refuseInvalid(book, program.services);
    if (!(await writeDialogs(store, key, book, now()))) throw noBot();
    return c.json(book, 200);
  });
}

/** @throws RequestFault naming each wrong place; Fault `too_large` */
function refuseInvalid(book: object, services: ServiceTable): void {
  if (Buffer.byteLength(JSON.stringify(book)) > bookLimits.bytesMax) {
    throw new Fault("too_large", `the dialogues are over ${bookLimits.bytesMax} bytes`);
  }
  if (Object.keys(book).length === 0) return;
  const check = checkBook(book);
  const issues = check.kind === "invalid" ? check.issues : findStrangeServices(check.book, services);
  const [first] = issues;
  if (first === undefined) return;
  throw new RequestFault("invalid", `the body is not valid: ${first.path} ${first.message}`, issues);
}

function findStrangeServices(book: DialogBook, services: ServiceTable): readonly Issue[] {
  const strange = bookServices(book).filter(({ service }) => !Object.hasOwn(services, service));
  return strange
    .slice(0, bookLimits.issuesMax)
    .map(({ path, service }) => ({ path, message: `names no service of the bot: ${service}` }));
}

function noBot(): Fault {
  return new Fault("not_found", "there is no such bot");
}

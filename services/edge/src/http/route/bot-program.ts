import { createRoute, z } from "@hono/zod-openapi";
import { bookServices, checkBook } from "@rookery/dialog-book";
import type { SecretBox } from "@rookery/auth";
import {
  type BotService,
  Fault,
  parseRouteTable,
  parseServiceTable,
  type RouteTable,
  type ServiceTable,
  servicesOf,
  type UserId,
} from "@rookery/protocol";
import {
  type BotProgram,
  headersOwner,
  inTransaction,
  readDialogs,
  readProgram,
  invalidateButtons,
  writeRoutes,
  writeServices,
} from "@rookery/store";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { RequestFault } from "../problem.ts";
import { json, problem } from "../schema.ts";
import { idInPath, text } from "../validation.ts";

/** Their forms are those of `@rookery/protocol` (`bot-table.ts`), which also names what is wrong. */
const routesBody = z.looseObject({}).openapi("BotRoutes", {
  description:
    "`{commands?: [{command, to, role?, description?}], callbacks?: [{match, value, to, role?}], text?, other?, unknownCommand?, apology?, forbidden?, rateLimit?, expired?, flood?}`; `to` is `{service}` or `{reply}`; words are `{en?, ru?, uz?}`.",
});
const servicesBody = z.looseObject({}).openapi("BotServices", {
  description:
    "By name: `{url, timeoutMs?, retries?, headers?}`. A header's value is told to nobody: read as null, and kept when it is written as null.",
});
const routesAnswer = z.object({
  routes: routesBody as unknown as z.ZodType<RouteTable>,
  /** Whether Telegram knows the commands. */
  commandsStatus: z.enum(["pending", "set", "failed", "off"]),
  commandsError: z.string().nullable(),
});
const servicesAnswer = z.object({ services: servicesBody });

const entityBody = z.object({
  entity: text({ bytesMin: 1, bytesMax: 128 }).openapi({
    description: "As services name it in `entity` of their buttons",
    example: "request:42",
  }),
});
const entityAnswer = z.object({
  invalidated: z.int().openapi({ description: "Buttons that worked until now" }),
});

type Headers = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** How a bot answers: where what people do goes, and which services there are. */
export function registerBotProgramRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store, secrets, now } = context;
  const needs = openNeeds(context);
  const params = z.object({ id: idInPath });
  const read = async (db: Parameters<typeof readProgram>[0], ownerId: UserId, id: UserId) => {
    const program = await readProgram(db, { id, ownerId });
    if (program === null) throw new Fault("not_found", "there is no such bot");
    return program;
  };

  const getRoutes = createRoute({
    method: "get",
    path: "/v1/bots/{id}/routes",
    summary: "A bot's routes",
    ...needs("bots:read"),
    request: { params },
    responses: { 200: json(routesAnswer, "The routes"), default: problem },
  });
  app.openapi(getRoutes, async (c) => {
    const program = await read(store, c.get("principal").userId, c.req.valid("param").id);
    return c.json(routesOf(program), 200);
  });

  const putRoutes = createRoute({
    method: "put",
    path: "/v1/bots/{id}/routes",
    summary: "Routes in place of those there are; they count within a second or two",
    ...needs("bots:manage"),
    request: { params, body: { required: true, content: { "application/json": { schema: routesBody } } } },
    responses: { 200: json(routesAnswer, "The routes"), default: problem },
  });
  app.openapi(putRoutes, async (c) => {
    const { id } = c.req.valid("param");
    const { userId } = c.get("principal");
    const routes = told(() => parseRouteTable(c.req.valid("json")));
    const written = await inTransaction(store, async (db) => {
      const { services } = await read(db, userId, id);
      demandServices(routes, services);
      const { commands = [], callbacks = [], text, other } = routes;
      const isRouted = commands.length + callbacks.length > 0 || text !== undefined || other !== undefined;
      await writeRoutes(db, id, routes, { isRouted, nowMs: now() });
      return read(db, userId, id);
    });
    return c.json(routesOf(written), 200);
  });

  const getServices = createRoute({
    method: "get",
    path: "/v1/bots/{id}/services",
    summary: "A bot's services, without the values of their headers",
    ...needs("bots:read"),
    request: { params },
    responses: { 200: json(servicesAnswer, "The services"), default: problem },
  });
  app.openapi(getServices, async (c) => {
    const { id } = c.req.valid("param");
    const program = await read(store, c.get("principal").userId, id);
    return c.json({ services: shownServices(program.services, headersOf(secrets, id, program)) }, 200);
  });

  const putServices = createRoute({
    method: "put",
    path: "/v1/bots/{id}/services",
    summary: "Services in place of those there are",
    ...needs("bots:manage"),
    request: { params, body: { required: true, content: { "application/json": { schema: servicesBody } } } },
    responses: { 200: json(servicesAnswer, "The services"), default: problem },
  });
  app.openapi(putServices, async (c) => {
    const { id } = c.req.valid("param");
    const asked = c.req.valid("json");
    const shown = await inTransaction(store, async (db) => {
      const program = await read(db, c.get("principal").userId, id);
      const whole = withKept(asked, headersOf(secrets, id, program));
      const table = told(() => parseServiceTable(whole));
      demandServices(program.routes, table);
      demandDialogServices(await readDialogs(db, { id, ownerId: c.get("principal").userId }), table);
      const bare = Object.entries(table).map(([name, spec]) => [name, withoutHeaders(spec)] as const);
      const values = Object.entries(table).map(([name, { headers = {} }]) => [name, headers] as const);
      const sealed = secrets.sealSecret(JSON.stringify(Object.fromEntries(values)), headersOwner(id));
      await writeServices(db, id, Object.fromEntries(bare), sealed);
      return shownServices(Object.fromEntries(bare), Object.fromEntries(values));
    });
    return c.json({ services: shown }, 200);
  });

  const endButtons = createRoute({
    method: "post",
    path: "/v1/bots/{id}/buttons/invalidate",
    summary: "Buttons about an entity work no more; who presses one is told so",
    ...needs("bots:manage"),
    request: { params, body: { required: true, content: { "application/json": { schema: entityBody } } } },
    responses: { 200: json(entityAnswer, "How many they were"), default: problem },
  });
  app.openapi(endButtons, async (c) => {
    const key = { id: c.req.valid("param").id, ownerId: c.get("principal").userId };
    const invalidated = await invalidateButtons(store, key, c.req.valid("json").entity);
    if (invalidated === null) throw new Fault("not_found", "there is no such bot");
    return c.json({ invalidated }, 200);
  });
}

function routesOf({ routes, commandsStatus, commandsError }: BotProgram) {
  return { routes, commandsStatus, commandsError };
}

function headersOf(secrets: SecretBox, id: UserId, { headers }: BotProgram): Headers {
  return headers === null ? {} : (JSON.parse(secrets.openSecret(headers, headersOwner(id))) as Headers);
}

/** With the names of headers, and null for their values. */
function shownServices(services: ServiceTable, headers: Headers): Record<string, object> {
  return Object.fromEntries(
    Object.entries(services).map(([name, spec]) => {
      const names = Object.keys(headers[name] ?? {}).map((header) => [header, null] as const);
      return [name, names.length === 0 ? spec : { ...spec, headers: Object.fromEntries(names) }];
    }),
  );
}

function withoutHeaders({ url, timeoutMs, retries }: BotService): BotService {
  return {
    url,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries === undefined ? {} : { retries }),
  };
}

/** A header written as null is as it was. */
function withKept(asked: Readonly<Record<string, unknown>>, kept: Headers): object {
  return Object.fromEntries(
    Object.entries(asked).map(([name, spec]) => {
      const headers = isRecord(spec) ? spec["headers"] : undefined;
      if (!isRecord(spec) || !isRecord(headers)) return [name, spec];
      const values = Object.entries(headers).map(
        ([header, value]) => [header, value ?? kept[name]?.[header] ?? null] as const,
      );
      return [name, { ...spec, headers: Object.fromEntries(values) }];
    }),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function demandServices(routes: RouteTable, services: ServiceTable): void {
  const errors = servicesOf(routes)
    .filter(({ service }) => services[service] === undefined)
    .map(({ path, service }) => ({ path, message: `there is no service ${service}` }));
  const [first] = errors;
  if (first !== undefined) throw new RequestFault("invalid", `${first.path}: ${first.message}`, errors);
}

/** Dialogues that are not valid any more, by rules that have changed since, are left out anyway. */
function demandDialogServices(book: object | null, services: ServiceTable): void {
  const check = checkBook(book);
  if (check.kind === "invalid") return;
  const errors = bookServices(check.book)
    .filter(({ service }) => !Object.hasOwn(services, service))
    .map(({ path, service }) => ({ path, message: `names the service ${service}, which would be gone` }));
  const [first] = errors;
  if (first !== undefined) throw new RequestFault("invalid", `${first.path} ${first.message}`, errors);
}

/** What is wrong with a table, as a field of the request. */
function told<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const [, path = "", message = error.message] = /^([^:]*): ([^]*)$/.exec(error.message) ?? [];
    throw new RequestFault(error.code, error.message, [{ path, message }]);
  }
}

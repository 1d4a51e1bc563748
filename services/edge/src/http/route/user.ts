import { createRoute, z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import {
  inTransaction,
  lockUser,
  readUser,
  readUserByTelegramId,
  searchUsers,
  updateUser,
} from "@rookery/store";
import { displayNameSchema, usernameSchema } from "../../identity/account-schema.ts";
import { userSchema, viewSelf, viewUser } from "../../identity/user-view.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { requireUser } from "../require-user.ts";
import { json, page, problem, security } from "../schema.ts";
import { idInPath, limitInQuery, text } from "../validation.ts";

const changeSchema = z.object({
  username: usernameSchema.optional(),
  displayName: displayNameSchema.optional(),
});

const searchQuery = z
  .object({
    query: text({ bytesMin: 1, bytesMax: 256 }).optional(),
    telegramId: idInPath.optional(),
    cursor: z.string().optional(),
    limit: limitInQuery,
  })
  .refine(({ query, telegramId }) => (query === undefined) !== (telegramId === undefined), {
    message: "takes query or telegramId",
  });

/** Accounts: one's own, another's, and finding them. An email address is shown to its owner only. */
export function registerUserRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store } = context;
  const user = requireUser(context);

  const self = createRoute({
    method: "get",
    path: "/v1/users/me",
    summary: "One's own account",
    security,
    middleware: user,
    responses: { 200: json(userSchema, "The account"), default: problem },
  });
  app.openapi(self, async (c) => {
    const me = await readUser(store, c.get("principal").userId);
    if (me === null) throw accountGone();
    return c.json(viewSelf(me), 200);
  });

  const change = createRoute({
    method: "patch",
    path: "/v1/users/me",
    summary: "Changes one's own names",
    security,
    middleware: user,
    request: { body: { required: true, content: { "application/json": { schema: changeSchema } } } },
    responses: { 200: json(userSchema, "The account as it is now"), default: problem },
  });
  app.openapi(change, async (c) => {
    const asked = c.req.valid("json");
    const { userId } = c.get("principal");
    const changed = await inTransaction(store, async (db) => {
      const me = await lockUser(db, userId);
      if (me === null) throw accountGone();
      const { username = me.username, displayName = me.displayName } = asked;
      return updateUser(db, userId, { username, displayName });
    });
    if (changed === null) throw accountGone();
    return c.json(viewSelf(changed), 200);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/users/{id}",
    summary: "An account",
    security,
    middleware: user,
    request: { params: z.object({ id: idInPath }) },
    responses: { 200: json(userSchema, "The account"), default: problem },
  });
  app.openapi(read, async (c) => {
    const { id } = c.req.valid("param");
    const found = await readUser(store, id);
    if (found === null) throw new Fault("not_found", "there is no such user");
    return c.json(found.id === c.get("principal").userId ? viewSelf(found) : viewUser(found), 200);
  });

  const search = createRoute({
    method: "get",
    path: "/v1/users",
    summary: "Accounts whose names have words beginning with those of the query, by id",
    security,
    middleware: user,
    request: { query: searchQuery },
    responses: { 200: json(page(userSchema), "A page of accounts"), default: problem },
  });
  app.openapi(search, async (c) => {
    const { query, telegramId, cursor, limit } = c.req.valid("query");
    if (telegramId !== undefined) {
      const found = await readUserByTelegramId(store, telegramId);
      return c.json({ items: found === null ? [] : [viewUser(found)], nextCursor: null }, 200);
    }
    const found = await searchUsers(store, query ?? "", { afterId: readIdCursor(cursor), limit });
    const nextCursor = writeIdCursor(found.at(-1)?.id, found.length === limit);
    return c.json({ items: found.map(viewUser), nextCursor }, 200);
  });
}

/** The token outlived its account. */
function accountGone(): Fault {
  return new Fault("unauthorized", "the account is gone");
}

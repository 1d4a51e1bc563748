import { createRoute, z } from "@hono/zod-openapi";
import type { Principal } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import {
  inTransaction,
  lockUser,
  readUser,
  readUserByTelegramId,
  searchSpecialists,
  searchUsers,
  setTraits,
  updateUser,
  type UserRow,
} from "@rookery/store";
import {
  displayNameSchema,
  languageSchema,
  specialisationSchema,
  usernameSchema,
} from "../../identity/account-schema.ts";
import { addPresence } from "../../identity/user-presence.ts";
import { userSchema, type UserView, viewSelf, viewUser } from "../../identity/user-view.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { readIdCursor, writeIdCursor } from "../cursor.ts";
import { openNeeds } from "../needs.ts";
import { json, page, problem } from "../schema.ts";
import { idInPath, limitInQuery, text } from "../validation.ts";

const changeSchema = z.object({
  username: usernameSchema.optional(),
  displayName: displayNameSchema.optional(),
  language: languageSchema.nullable().optional(),
  specialisation: specialisationSchema.nullable().optional(),
});

const searchQuery = z
  .object({
    query: text({ bytesMin: 1, bytesMax: 256 }).optional(),
    telegramId: idInPath.optional(),
    specialisation: specialisationSchema.optional(),
    cursor: z.string().optional(),
    limit: limitInQuery,
  })
  .refine(
    ({ query, telegramId, specialisation }) =>
      [query, telegramId, specialisation].filter((each) => each !== undefined).length === 1,
    { message: "takes query, telegramId or specialisation" },
  );

/** Accounts: one's own, another's, and finding them. An email address is shown to its owner only. */
export function registerUserRoutes(app: EdgeApp, context: EdgeContext): void {
  const { store } = context;
  const needs = openNeeds(context);

  /** Any key may ask whose it is; the address is for those that may read accounts. */
  const viewOwn = async (by: Principal, user: UserRow): Promise<UserView> =>
    (await context.access.may(by, "users:read")) ? viewSelf(user) : viewUser(user);

  const self = createRoute({
    method: "get",
    path: "/v1/users/me",
    summary: "One's own account",
    ...needs("user"),
    responses: { 200: json(userSchema, "The account"), default: problem },
  });
  app.openapi(self, async (c) => {
    const principal = c.get("principal");
    const me = await readUser(store, principal.userId);
    if (me === null) throw accountGone();
    return c.json(await addPresence(context, me.id, await viewOwn(principal, me)), 200);
  });

  const change = createRoute({
    method: "patch",
    path: "/v1/users/me",
    summary: "Changes one's own names and traits; what is not given stays, null clears",
    ...needs("users:write"),
    request: { body: { required: true, content: { "application/json": { schema: changeSchema } } } },
    responses: { 200: json(userSchema, "The account as it is now"), 409: problem, default: problem },
  });
  app.openapi(change, async (c) => {
    const asked = c.req.valid("json");
    const principal = c.get("principal");
    const { userId } = principal;
    const changed = await inTransaction(store, async (db) => {
      const me = await lockUser(db, userId);
      if (me === null) throw accountGone();
      const { username = me.username, displayName = me.displayName } = asked;
      const { language = me.language, specialisation = me.specialisation } = asked;
      await updateUser(db, userId, { username, displayName });
      return setTraits(db, userId, { language, specialisation });
    });
    if (changed === null) throw accountGone();
    return c.json(await viewOwn(principal, changed), 200);
  });

  const read = createRoute({
    method: "get",
    path: "/v1/users/{id}",
    summary: "An account",
    ...needs("users:read"),
    request: { params: z.object({ id: idInPath }) },
    responses: { 200: json(userSchema, "The account"), default: problem },
  });
  app.openapi(read, async (c) => {
    const { id } = c.req.valid("param");
    const found = await readUser(store, id);
    if (found === null) throw new Fault("not_found", "there is no such user");
    const { userId } = c.get("principal");
    const view = found.id === userId ? viewSelf(found) : viewUser(found);
    return c.json(await addPresence(context, userId, view), 200);
  });

  const search = createRoute({
    method: "get",
    path: "/v1/users",
    summary: "Accounts whose names have words beginning with those of the query, by id",
    ...needs("users:read"),
    request: { query: searchQuery },
    responses: { 200: json(page(userSchema), "A page of accounts"), default: problem },
  });
  app.openapi(search, async (c) => {
    const { query, telegramId, specialisation, cursor, limit } = c.req.valid("query");
    if (telegramId !== undefined) {
      const found = await readUserByTelegramId(store, telegramId);
      return c.json({ items: found === null ? [] : [viewUser(found)], nextCursor: null }, 200);
    }
    const page = { afterId: readIdCursor(cursor), limit };
    const found =
      specialisation === undefined
        ? await searchUsers(store, query ?? "", page)
        : await searchSpecialists(store, specialisation, page);
    const nextCursor = writeIdCursor(found.at(-1)?.id, found.length === limit);
    return c.json({ items: found.map(viewUser), nextCursor }, 200);
  });
}

/** The token outlived its account. */
function accountGone(): Fault {
  return new Fault("unauthorized", "the account is gone");
}

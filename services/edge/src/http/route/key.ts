import { z } from "@hono/zod-openapi";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { json, problem } from "../schema.ts";

const jwksSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) });

/** The public halves of the keys that sign access tokens, for services that check them by themselves. */
export function registerKeyRoutes(app: EdgeApp, context: EdgeContext): void {
  const { middleware: open, ...said } = openNeeds(context)("public");
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/.well-known/jwks.json",
    summary: "The public keys by which access tokens are checked (RFC 7517)",
    ...said,
    responses: { 200: json(jwksSchema, "The keys"), default: problem },
  });
  app.get("/.well-known/jwks.json", open, (c) =>
    c.json(context.tokens.jwks, 200, { "cache-control": "public, max-age=300" }),
  );
}

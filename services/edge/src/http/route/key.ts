import type { EdgeApp, EdgeContext } from "../context.ts";

/** The public halves of the keys that sign access tokens, for services that check them by themselves. */
export function registerKeyRoutes(app: EdgeApp, context: EdgeContext): void {
  app.get("/.well-known/jwks.json", (c) =>
    c.json(context.tokens.jwks, 200, { "cache-control": "public, max-age=300" }),
  );
}

import { documentOf } from "../api-document.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { type Page, renderDocument } from "../document-page.ts";
import { openNeeds } from "../needs.ts";
import { problem } from "../schema.ts";

/** How a request says whose it is. */
const securitySchemes = {
  bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "An access token" },
  apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
  refreshCookie: { type: "apiKey", in: "cookie", name: "refreshToken" },
  metricsToken: { type: "http", scheme: "bearer", description: "METRICS_TOKEN" },
  telegramSecret: { type: "apiKey", in: "header", name: "X-Telegram-Bot-Api-Secret-Token" },
} as const;

/** `/v1/openapi.json`, made of the same schemas that check requests, and a page for people. Registered last. */
export function registerDocumentRoutes(app: EdgeApp, context: EdgeContext): void {
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  }
  const { middleware: open, ...said } = openNeeds(context)("public");
  // Routes are fixed once the app is built, so each is made at most once.
  let made: { readonly json: string; readonly page: Page } | undefined;
  const make = () => {
    const document = documentOf(app, context.config);
    return { json: JSON.stringify(document), page: renderDocument(document) };
  };
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/v1/openapi.json",
    summary: "This document",
    ...said,
    responses: {
      200: { description: "OpenAPI 3.1", content: { "application/json": { schema: { type: "object" } } } },
      default: problem,
    },
  });
  app.get("/v1/openapi.json", open, (c) => {
    made ??= make();
    return c.body(made.json, 200, { "content-type": "application/json", "cache-control": "no-cache" });
  });
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/docs",
    summary: "This document for people",
    ...said,
    responses: {
      200: { description: "A page", content: { "text/html": { schema: { type: "string" } } } },
      default: problem,
    },
  });
  app.get("/docs", open, (c) => {
    made ??= make();
    return c.html(made.page.html, 200, made.page.headers);
  });
}

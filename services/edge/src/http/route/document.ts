import type { EdgeApp, EdgeContext } from "../context.ts";
import { problemContentType } from "../problem.ts";

/** `/v1/openapi.json`, made of the same schemas that check requests, and a page for people. Registered last. */
export function registerDocumentRoutes(app: EdgeApp, context: EdgeContext): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
  });
  // Routes are fixed once the app is built, so the document is made at most once.
  let document: string | undefined;
  app.get("/v1/openapi.json", (c) => {
    document ??= JSON.stringify(
      app.getOpenAPI31Document({
        openapi: "3.1.0",
        info: {
          title: "Rookery",
          version: context.config.version,
          description: `Errors are \`${problemContentType}\` (RFC 9457) with a stable \`code\`.`,
        },
        servers: [{ url: context.config.publicUrl }],
      }),
    );
    return c.body(document, 200, { "content-type": "application/json" });
  });
  app.get("/docs", (c) => c.html(page));
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Rookery API</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}code{background:#8882}</style>
<h1>Rookery API</h1>
<p>The whole description: <a href="/v1/openapi.json">/v1/openapi.json</a> (OpenAPI 3.1).</p>
<table id="routes"></table>
<script>
fetch("/v1/openapi.json").then((r) => r.json()).then(({ paths }) => {
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { summary = "" }] of Object.entries(methods)) {
      const row = document.getElementById("routes").insertRow();
      for (const text of [method.toUpperCase(), path, summary]) row.insertCell().textContent = text;
    }
});
</script>
</html>
`;

/** The Bot API surface on a real server and database, with a bot and people; what an actor decides is the row writer's. */
import { registerNativeBot } from "@rookery/gateway";
import { openAddressRules } from "@rookery/webhook";
import type { BotWaits } from "../../src/bot-api/bot-waits.ts";
import { openFetchFile } from "../../src/bot-api/fetch-file.ts";
import { type BotApiSurface, openBotApiSurface } from "../../src/bot-api/surface.ts";
import type { EdgeContext } from "../../src/http/context.ts";
import { type EdgeFixture, openEdgeFixture, rowWriter } from "../edge-fixture.ts";
import { openUwsServer } from "../uws-server.ts";

export interface Stage {
  readonly edge: EdgeFixture;
  readonly surface: BotApiSurface;
  readonly url: string;
  readonly port: number;
  readonly botId: number;
  readonly token: string;
  /** `<url>/bot<token>`. */
  readonly root: string;
  close(): Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly ok: boolean;
    readonly result?: never;
    readonly description?: string;
    readonly error_code?: number;
    readonly parameters?: { readonly retry_after?: number };
  };
  readonly text: string;
}

const nobodyWaits: BotWaits = {
  ask: () => () => {},
  changed: () => {},
  press: () => false,
  unpress: () => {},
  tell: () => {},
  waiting: 0,
  close: () => {},
};

export async function openStage(
  change: Partial<EdgeContext> = {},
  waits: BotWaits = nobodyWaits,
): Promise<Stage> {
  const edge = await openEdgeFixture(rowWriter, change);
  const addresses = openAddressRules({ allowPrivate: false });
  const surface = openBotApiSurface({
    context: edge.context,
    addresses,
    fetchFile: openFetchFile(addresses),
    waits,
    typing: { show: () => {}, draft: () => {} },
    bus: { subscribe: () => ({ close: () => {} }) },
    edge: "e1",
  });
  const server = await openUwsServer((app) => {
    app.any("/*", (res, req) => {
      if (!surface.handle(res, req)) res.writeStatus("404 Not Found").end("elsewhere");
    });
  });
  const owner = await edge.person();
  const { bot, token } = await registerNativeBot(edge.context, {
    ownerId: owner.id,
    username: "transport_bot",
    displayName: "Transport",
    uuid: null,
    requestId: "stage",
    nowMs: edge.context.now(),
  });
  return {
    edge,
    surface,
    url: server.url,
    port: server.port,
    botId: bot.id,
    token,
    root: `${server.url}/bot${token}`,
    async close() {
      surface.end();
      server.close();
      await surface.close();
      await edge.close();
    },
  };
}

export async function ask(url: string, init: RequestInit & { duplex?: "half" } = {}): Promise<Reply> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text), text };
}

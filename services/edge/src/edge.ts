/** One edge: sockets, REST and webhooks in front of the log. Stateless: all it holds can be read or asked again. */
import { randomUUID } from "node:crypto";
import {
  openPasswords,
  openRefreshTokens,
  openSecretBox,
  openTokens,
  readMasterKey,
  readPrivateKey,
} from "@rookery/auth";
import { openBus, startLiveness } from "@rookery/bus";
import { openCache, openLimits } from "@rookery/cache";
import { Counter, type Env, Gauge, Histogram, type Log, openMetrics, type Service } from "@rookery/runtime";
import { limits as bounds } from "@rookery/protocol";
import { openStore } from "@rookery/store";
import { App, type TemplatedApp, type us_listen_socket, us_listen_socket_close } from "uWebSockets.js";
import { openGateway } from "./command/gateway.ts";
import type { EdgeConfig } from "./config.ts";
import { openAdapter } from "./http/adapter.ts";
import { createApp } from "./http/app.ts";
import type { EdgeContext } from "./http/context.ts";
import { openReleases, type Releases } from "./releases.ts";
import { openInterest } from "./room/interest.ts";
import { openRooms } from "./room/rooms.ts";
import { openUsers } from "./room/users.ts";
import { openFormats } from "./socket/format.ts";
import { openFrameHandler } from "./socket/frames.ts";
import { openMembership } from "./socket/membership.ts";
import { originRule } from "./socket/origin.ts";
import { serveSockets } from "./socket/server.ts";
import { openUpgrade } from "./socket/upgrade.ts";
import { serveTelegramWebhook } from "./telegram/webhook.ts";

const version = "0.1.0";
/** A command without a reply by then is answered `unavailable`. */
const commandMs = 10_000;
/** Connections to Postgres: reads of history, Sync and REST. */
const connectionsMax = 10;
/** REST requests in flight; beyond it `overloaded` (L7). */
const requestsMax = 2_000;

export async function startEdge(config: EdgeConfig, env: Env, log: Log): Promise<Service> {
  const id = `${config.node}.${randomUUID().slice(0, 8)}`;
  const metrics = openMetrics("edge");
  const store = openStore({ url: config.databaseUrl, name: id, connectionsMax, log });
  const cache = openCache({ url: config.redisUrl, log, name: id });
  const bus = await openBus({ url: config.natsUrl, name: id, log });
  const master = await readMasterKey(env);
  const tokens = await openTokens({ privateKeyPem: await readPrivateKey(env) });
  const limits = openLimits({ cache, metrics, log, now: Date.now, enabled: config.rateLimits });
  const delivery = new Histogram({
    name: "rookery_delivery_duration_seconds",
    help: "From the log's time of a message to its writing to the sockets of this edge",
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [metrics],
  });
  const sent = new Counter({
    name: "rookery_messages_sent_total",
    help: "Messages passed on to the rooms of this edge",
    registers: [metrics],
  });

  const stale = new Counter({
    name: "rookery_stale_releases_total",
    help: "Releases of deposed owners that this edge did not listen to",
    registers: [metrics],
  });

  let draining = false;
  const formats = openFormats();
  const gateway = openGateway({ bus, shards: config.shards, edge: id, log });
  const releases: Releases = openReleases({
    bus,
    edge: id,
    gateway,
    rooms: () => rooms,
    users: () => users,
    interest: () => interest,
    observeStale: () => stale.inc(),
    observeDelivery: (sinceMs) => {
      sent.inc();
      delivery.observe(Math.max(0, Date.now() - sinceMs) / 1_000);
    },
  });
  const interest = openInterest({
    bus,
    shards: config.shards,
    edge: id,
    onHeads: (...heads) => releases.heads(...heads),
  });
  const rooms = openRooms({
    store,
    interest,
    log,
    fanOut: (chatId, frame) => sockets.fanOut(chatId, frame),
    departed: (chatId, userId, rev) => membership.evict(chatId, userId, rev),
  });
  const users = openUsers({ interest, behind: (connection) => void membership.pull(connection) });
  const membership = openMembership({ store, rooms, users, log });
  const frames = openFrameHandler({ store, gateway, membership, tokens, commandMs, log });
  const context: EdgeContext = {
    config: {
      version,
      publicUrl: config.publicUrl,
      loopback: config.host === "127.0.0.1" || config.host === "::1" || config.host === "localhost",
      metricsToken: config.metricsToken,
      commandTimeoutMs: commandMs,
    },
    log,
    metrics,
    now: Date.now,
    store,
    limits,
    tokens,
    refreshTokens: openRefreshTokens(master),
    passwords: openPasswords(),
    secrets: openSecretBox(master),
    commands: gateway,
    probes: {
      postgres: async () => (await store.query("select 1")).rowCount === 1,
      nats: () => bus.connected,
      redis: () => cache.ready,
    },
    draining: () => draining,
  };

  const app = App();
  const sockets = serveSockets(app, {
    formats,
    membership,
    frames,
    upgrade: openUpgrade({
      tokens,
      limits,
      formats,
      draining: () => draining,
      allowsOrigin: originRule(config.allowedOrigins, config.publicUrl),
      log,
    }),
    log,
  });
  const webhook = serveTelegramWebhook(app, context);
  const hono = createApp(context);
  const adapter = openAdapter({
    fetch: (request, connection) => hono.fetch(request, connection),
    bodyBytesMax: bounds.requestBytesMax,
    requestsMax,
    log,
  });
  app.any("/*", adapter.handle);
  new Gauge({
    name: "rookery_ws_connections",
    help: "Open WebSockets",
    registers: [metrics],
    collect() {
      this.set(sockets.connections.size);
    },
  });

  const listening = await listen(app, config);
  const liveness = startLiveness(bus, { role: "edge", id });
  log.info({ id, port: config.port }, "serving");

  return {
    url: `http://${config.host}:${config.port}`,
    async close() {
      draining = true;
      liveness.leave();
      await settle(() => gateway.pending === 0, Math.min(2_000, config.drainMs));
      await sockets.drain(config.drainMs);
      us_listen_socket_close(listening);
      await Promise.race([
        Promise.all([adapter.idle(), webhook.idle()]),
        new Promise((resolve) => setTimeout(resolve, 2_000)),
      ]);
      gateway.close();
      interest.close();
      releases.close();
      liveness.close();
      await Promise.all([bus.close(), store.end(), cache.close()]);
    },
  };
}

function listen(app: TemplatedApp, { host, port }: EdgeConfig): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    app.listen(host, port, (socket) => {
      if (socket) resolve(socket);
      else reject(new Error(`cannot listen on ${host} port ${port}`));
    });
  });
}

/** Waits for a condition, at most so long. */
async function settle(isDone: () => boolean, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (!isDone() && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 10));
}

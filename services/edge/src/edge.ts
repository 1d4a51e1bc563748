/** One edge: sockets, REST and webhooks in front of the log. Stateless: all it holds can be read or asked again. */
import { randomUUID } from "node:crypto";
import {
  openPasswords,
  openRefreshTokens,
  openSecretBox,
  readMasterKey,
  readOldMasterKeys,
} from "@rookery/auth";
import { observeBus, openBus, openMetricsReader, startLiveness } from "@rookery/bus";
import { observeCache, openCache, openLimits, socketsOf } from "@rookery/cache";
import { type Env, isLoopback, type Log, type Service, openTracer, startObservation } from "@rookery/runtime";
import { limits as bounds } from "@rookery/protocol";
import { endStore, observeStore, openStore, openStoreProbe } from "@rookery/store";
import { us_listen_socket_close } from "uWebSockets.js";
import { openGateway } from "@rookery/gateway";
import { openFetchFile } from "./bot-api/fetch-file.ts";
import { openBotApiSurface } from "./bot-api/surface.ts";
import { openBotWaits } from "./bot-api/bot-waits.ts";
import type { EdgeConfig } from "./config.ts";
import { openFetchedFiles } from "./bot-api/take-media.ts";
import { openConversation } from "./conversation.ts";
import { openEdgeMetrics } from "./edge-metrics.ts";
import { openBucket } from "./file/bucket.ts";
import { openFolderContents } from "./file/contents.ts";
import { openFilesIn } from "./file/files.ts";
import { openAdapter } from "./http/adapter.ts";
import { createApp } from "./http/app.ts";
import type { EdgeContext } from "./http/context.ts";
import { openClientAddress } from "./http/peer.ts";
import { uploads } from "./http/route/file.ts";
import { openIdentity } from "./identity/identity.ts";
import { listen } from "./listen.ts";
import { openFaultOf } from "./outage.ts";
import { openPresencePort } from "./room/presence-query.ts";
import { openFormats } from "./socket/format.ts";
import { originRule } from "./socket/origin.ts";
import { startShedding } from "./socket/shed.ts";
import { serveSockets } from "./socket/server.ts";
import { openUpgrade } from "./socket/upgrade.ts";
import { openServer } from "./tls.ts";
import { serveTelegramWebhook } from "./telegram/webhook.ts";
import { openJobWakes } from "./webhook/job-wakes.ts";

const version = "0.1.0";
/** A command without a reply by then is answered `unavailable`. */
const commandMs = 10_000;
/** Connections to Postgres: reads of history, Sync and REST. */
const connectionsMax = 10;
/** REST requests in flight; beyond it `overloaded` (L7). */
const requestsMax = 2_000;
export async function startEdge(config: EdgeConfig, env: Env, log: Log): Promise<Service> {
  // What an operator can put right comes first, before anything is opened.
  const clientAddress = openClientAddress(config.proxies);
  const app = openServer(config.tls);
  const id = `${config.node}.${randomUUID().slice(0, 8)}`;
  const observation = startObservation(config, { service: "edge", node: config.node, log });
  const { metrics } = observation;
  const tracer = await openTracer(config.traces, { service: "edge", node: config.node, log });
  const faultOf = openFaultOf(log);
  const store = openStore({ url: config.databaseUrl, name: id, connectionsMax, log });
  const cache = openCache({ url: config.redisUrl, log, name: id });
  const bus = await openBus({ url: config.natsUrl, name: id, log });
  observeStore(store, metrics);
  observeCache(cache, metrics);
  observeBus(bus, metrics);
  const master = await readMasterKey(env);
  const limits = openLimits({ cache, metrics, log, now: Date.now, enabled: config.rateLimited });
  const counts = openEdgeMetrics(metrics, () => sockets);
  const identity = await openIdentity({
    env,
    store,
    bus,
    cache,
    limits,
    auditDays: config.auditDays,
    sockets: () => sockets,
    log,
  });
  const { authentication, access, endedSessions, sessionUses } = identity;
  // `*` lets any page ask without a cookie; a socket and a cookie have no such half measure.
  const namedOrigins = config.corsOrigins.filter((origin) => origin !== "*");
  const allowsOrigin = originRule([...config.allowedOrigins, ...namedOrigins], config.publicUrl);

  let draining = false;
  const formats = openFormats();
  const gateway = openGateway({
    bus,
    shards: config.shards,
    edge: id,
    log,
    observeSent: () => counts.observeSent(),
    tracer,
  });
  const { filesDir, filesBucket } = config;
  const contents =
    filesBucket === null
      ? await openFolderContents(filesDir)
      : await openBucket(filesBucket, { folder: filesDir, log });
  const files = await openFilesIn(store, contents, Date.now);
  const fetchFile = openFetchFile(config.addresses);
  const waits = openBotWaits({ bus, edge: id, shards: config.shards });
  const conversation = openConversation({
    waits,
    fetched: openFetchedFiles({ files, fetchFile }),
    bus,
    store,
    cache,
    gateway,
    authentication,
    metrics: counts,
    tracer,
    shards: config.shards,
    edge: id,
    commandMs,
    faultOf,
    log,
  });
  const { receipts, mirror } = conversation;
  // Each process shows its own; an edge shows the others' too where nobody asks those.
  const cluster = config.metricsCluster
    ? openMetricsReader(bus, {
        id,
        metrics,
        others: () => {
          const [workers, couriers] = [liveness.live("worker"), liveness.live("courier")];
          return workers === null || couriers === null ? null : [...workers, ...couriers];
        },
      })
    : undefined;
  const context: EdgeContext = {
    config: {
      version,
      publicUrl: config.publicUrl,
      corsOrigins: config.corsOrigins,
      loopback: isLoopback(config.host),
      metricsToken: config.metricsToken,
      commandTimeoutMs: commandMs,
    },
    log,
    faultOf,
    metrics,
    ...(cluster === undefined ? {} : { clusterMetrics: () => cluster.read() }),
    now: Date.now,
    store,
    limits,
    rateLimits: config.rateLimits,
    tokens: identity.tokens,
    refreshTokens: openRefreshTokens(master),
    passwords: openPasswords(),
    secrets: openSecretBox(master, await readOldMasterKeys(env)),
    commands: gateway,
    addresses: config.addresses,
    files,
    jobWakes: openJobWakes(bus, config.shards),
    apiKeys: identity.apiKeys,
    authentication,
    access,
    presence: openPresencePort({ bus, shards: config.shards }),
    socketsOf: (userId) => socketsOf(cache, userId, Date.now()),
    revocations: identity.revocations,
    receipts,
    sessionUses,
    allowsOrigin,
    probes: {
      postgres: openStoreProbe(store),
      nats: () => bus.connected,
      redis: () => cache.ready,
    },
    draining: () => draining,
  };

  const sockets = serveSockets(app, {
    membership: conversation.membership,
    channels: conversation.channels,
    frames: conversation.frames,
    isEnded: ({ sessionId }) => sessionId !== null && endedSessions.has(sessionId),
    onOpen: (connection) => {
      const { principal, device } = connection.session;
      if (principal.sessionId !== null) sessionUses.note(principal.sessionId, { address: null, device });
      mirror.tell(connection);
    },
    onClose: (connection) => mirror.forget(connection),
    upgrade: openUpgrade({
      authentication,
      access,
      limits,
      rateLimits: config.rateLimits,
      clientAddress,
      formats,
      draining: () => draining,
      allowsOrigin,
      faultOf,
      log,
    }),
    faultOf,
    log,
  });
  const webhook = serveTelegramWebhook(app, context);
  const hono = createApp(context);
  const botApi = openBotApiSurface({
    context,
    addresses: config.addresses,
    fetchFile,
    waits,
    typing: conversation.typing,
    bus,
    edge: id,
  });
  const adapter = openAdapter({
    fetch: (request, connection) => hono.fetch(request, connection),
    clientAddress,
    bodyBytesMax: bounds.requestBytesMax,
    uploads,
    requestsMax,
    log,
  });
  app.any("/*", (res, req) => {
    if (!botApi.handle(res, req)) adapter.handle(res, req);
  });
  const listening = await listen(app, config);
  const liveness = startLiveness(bus, { role: "edge", id });
  const shedding = startShedding({
    bus,
    edge: id,
    percent: config.shedPercent,
    live: () => liveness.live("edge"),
    count: () => sockets.connections.size,
    shed: (count) => sockets.shed(count),
    metrics,
    log,
  });
  log.info({ id, port: config.port }, "serving");

  return {
    url: `${config.tls === null ? "http" : "https"}://${config.host}:${config.port}`,
    async close() {
      draining = true;
      liveness.leave();
      shedding.close();
      await settle(() => gateway.pending === 0, Math.min(2_000, config.drainMs));
      await sockets.drain(config.drainMs);
      receipts.close();
      await settle(() => gateway.pending === 0, Math.min(2_000, config.drainMs));
      us_listen_socket_close(listening);
      botApi.end();
      await Promise.race([
        Promise.all([adapter.idle(), webhook.idle(), botApi.idle()]),
        new Promise((resolve) => setTimeout(resolve, 2_000)),
      ]);
      waits.close();
      await botApi.close();
      gateway.close();
      await conversation.close();
      await identity.close();
      liveness.close();
      cluster?.close();
      await observation.close();
      await tracer?.close();
      await contents.close();
      await Promise.all([bus.close(), endStore(store), cache.close()]);
    },
  };
}

/** Waits for a condition, at most so long. */
async function settle(isDone: () => boolean, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (!isDone() && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** One courier: owns job shards, and so does what leaves the cluster for the bots on them. */
import { randomUUID } from "node:crypto";
import { openSecretBox, readMasterKey, readOldMasterKeys } from "@rookery/auth";
import { answerMetrics, type Bus, observeBus, openBus, startLiveness } from "@rookery/bus";
import { listenForReplies, openGateway, openUpdateIntake } from "@rookery/gateway";
import { openRelay, startOwnership } from "@rookery/host";
import { shardHashVersion, shardOf } from "@rookery/protocol";
import {
  ConfigError,
  type Env,
  type Log,
  openTracer,
  type Service,
  startProcessStatus,
} from "@rookery/runtime";
import { endStore, ensureCluster, observeStore, openStore, readFileSecret } from "@rookery/store";
import type { CourierConfig } from "./config.ts";
import { openCourierMetrics } from "./courier-metrics.ts";
import { openDepartureTrace } from "./departure-trace.ts";
import { openJobShards } from "./job-shards.ts";
import { openFileNames, openTelegramClient } from "@rookery/telegram";
import { openHttpPost } from "./outbound/http-post.ts";
import { startBroadcaster } from "./telegram/broadcaster.ts";
import { startOrphanSends } from "./telegram/orphan-sends.ts";
import { startCommandRepair } from "./telegram/command-repair.ts";
import { startEnvironmentBot } from "./telegram/environment-bot.ts";
import { startTelegramPoller } from "./telegram/poller.ts";
import { startUpdateRouter } from "./telegram/router.ts";
import { startTelegramSender } from "./telegram/sender.ts";
import { openServiceCaller } from "./telegram/service-caller.ts";
import { openAnswerRunner } from "./native/answer-runner.ts";
import { startWebhookPoster } from "./native/webhook-poster.ts";
import { startPollDesk } from "./native/poll-desk.ts";
import { openShownFiles } from "./native/shown-files.ts";
import { openShownPeople } from "./native/shown-people.ts";
import { startNativeSweep } from "./native/native-sweep.ts";
import { startUpdateSweep } from "./telegram/update-sweep.ts";
import { startWebhookWatch } from "./telegram/webhook-watch.ts";
import { startWebhookCaller } from "./webhook/caller.ts";
import { openWebhookPost } from "./webhook/post.ts";
import { startWebhookSweep } from "./webhook/sweep.ts";
import manifest from "../package.json" with { type: "json" };
import { startWebhookRepair } from "./webhook-repair.ts";

const connectionsMax = 10;
/** Of one call that sends. */
const sendMsMax = 30_000;
const countMs = 1_000;
const dayMs = 86_400_000;
/** As receivers see us. */
const userAgent = `rookery/${manifest.version}`;
/** Whoever owns this job shard does what one process of the cluster does. */
const firstShard = 0;
/** A command without a reply by then is unknown, and said again. */
const commandMs = 10_000;
/** Beyond the time for which Telegram holds a question open. */
const pollSlackMs = 10_000;

export async function startCourier(config: CourierConfig, env: Env, log: Log): Promise<Service> {
  const id = `${config.node}.${randomUUID().slice(0, 8)}`;
  const store = openStore({ url: config.databaseUrl, name: id, connectionsMax, log });
  let bus: Bus | undefined;
  const status = await startProcessStatus(config, {
    service: "courier",
    node: config.node,
    log,
    probes: {
      postgres: async () => (await store.query("select 1")).rowCount === 1,
      nats: () => bus?.connected === true,
    },
  });
  observeStore(store, status.metrics);
  const counts = openCourierMetrics(status.metrics);
  await ensureCluster(store, { shards: config.shards, hashVersion: shardHashVersion }).catch(
    (error: unknown) => {
      throw new ConfigError(error instanceof Error ? error.message : String(error));
    },
  );
  bus = await openBus({ url: config.natsUrl, name: id, log });
  observeBus(bus, status.metrics);
  answerMetrics(bus, { id, metrics: status.metrics, log });
  const secrets = openSecretBox(await readMasterKey(env), await readOldMasterKeys(env));
  const liveness = startLiveness(bus, { role: "courier", id });
  const ownership = startOwnership({
    bus,
    store,
    liveness,
    log,
    kind: "job",
    role: "courier",
    id,
    claimed: async ({ id: shard }) => jobShards.claimed(shard),
    drain: (shard) => jobShards.drain(shard),
  });
  const jobShards = openJobShards({ bus, ownership, log });
  const http = openHttpPost(config.addresses);
  const tracer = await openTracer(config.traces, { service: "courier", node: config.node, log });
  const trace = tracer === null ? undefined : openDepartureTrace({ tracer, store, log });
  const leaving = {
    jobShards,
    store,
    relay: openRelay({ bus, store, shards: config.shards, worker: id, log }),
    client: openTelegramClient({ apiRoot: config.telegramApiRoot, timeoutMs: sendMsMax }),
    secrets,
    shards: config.shards,
    paceFactor: config.telegramPaceFactor,
    log,
  };
  const sender = startTelegramSender({ ...leaving, trace });
  const router = startUpdateRouter({ ...leaving, services: openServiceCaller({ http, now: Date.now }) });
  const gateway = openGateway({ bus, shards: config.shards, edge: id, log, tracer });
  const replies = listenForReplies({ bus, id, gateway });
  const poller = startTelegramPoller({
    jobShards,
    store,
    client: openTelegramClient({
      apiRoot: config.telegramApiRoot,
      timeoutMs: config.pollingTimeoutSeconds * 1_000 + pollSlackMs,
    }),
    intake: openUpdateIntake({
      store,
      commands: gateway,
      commandTimeoutMs: commandMs,
      now: Date.now,
      log,
      metrics: status.metrics,
    }),
    secrets,
    shards: config.shards,
    timeoutSeconds: config.pollingTimeoutSeconds,
    log,
  });
  const broadcaster = startBroadcaster(leaving);
  const webhookPost = openWebhookPost({ rules: config.addresses, proxyUrl: config.webhooks.proxyUrl });
  const webhooks = startWebhookCaller({
    ...leaving,
    trace,
    bus,
    http: webhookPost,
    userAgent,
    disableMs: config.webhooks.disableDays * dayMs,
    counts: {
      attempt: (result) => counts.webhookAttempts.inc({ result }),
      pending(count, oldestMs) {
        counts.webhookPending.set(count);
        counts.webhookOldest.set(oldestMs / 1_000);
      },
    },
  });
  const people = openShownPeople(store, Date.now);
  const files = openShownFiles(store, openFileNames(await readFileSecret(store)));
  const poster = startWebhookPoster({
    ...leaving,
    people,
    files,
    http,
    run: openAnswerRunner({ bus, liveness, log }),
  });
  const desk = startPollDesk({ ...leaving, bus, people, files, stirred: (...of) => poster.stir(...of) });
  const orphans = startOrphanSends(leaving);
  const counting = setInterval(() => counts.telegramQueue.set(sender.queued), countMs);
  const repairing = {
    store,
    secrets,
    apiRoot: config.telegramApiRoot,
    log,
    ownsBot: (botId: number) => jobShards.holds(shardOf("bot", botId, config.shards)),
  };
  const isFirst = (): boolean => jobShards.holds(firstShard);
  const repairs = [
    startWebhookWatch({ ...repairing, publicUrl: config.publicUrl }),
    startUpdateSweep({ store, isOurs: isFirst, usage: config.usageLife, log }),
    startNativeSweep({ store, isOurs: isFirst, log }),
    startWebhookSweep({ store, keepDays: config.webhooks.keepDays, isOurs: isFirst, log }),
    ...(config.bot === null ? [] : [startEnvironmentBot({ ...leaving, bot: config.bot, isOurs: isFirst })]),
    startWebhookRepair({ ...repairing, publicUrl: config.publicUrl }),
    startCommandRepair(repairing),
  ];
  await ownership.settled;
  status.serving();
  return {
    async close() {
      status.draining();
      clearInterval(counting);
      await Promise.all(
        [...repairs, sender, router, poller, broadcaster, orphans, desk, poster, webhooks].map((part) =>
          part.close(),
        ),
      );
      await Promise.all([http.close(), webhookPost.close()]);
      gateway.close();
      replies.close();
      await ownership.close();
      liveness.close();
      await trace?.close();
      await tracer?.close();
      await Promise.all([bus.close(), endStore(store), status.close()]);
    },
  };
}

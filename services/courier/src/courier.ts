/** One courier: owns job shards, and so does what leaves the cluster for the bots on them. */
import { randomUUID } from "node:crypto";
import { openSecretBox, readMasterKey } from "@rookery/auth";
import { openBus, startLiveness } from "@rookery/bus";
import { startOwnership } from "@rookery/host";
import { shardHashVersion, shardOf } from "@rookery/protocol";
import { ConfigError, type Env, type Log, type Service } from "@rookery/runtime";
import { ensureCluster, openStore } from "@rookery/store";
import type { CourierConfig } from "./config.ts";
import { startWebhookRepair } from "./webhook-repair.ts";

const connectionsMax = 4;

export async function startCourier(config: CourierConfig, env: Env, log: Log): Promise<Service> {
  const id = `${config.node}.${randomUUID().slice(0, 8)}`;
  const store = openStore({ url: config.databaseUrl, name: id, connectionsMax, log });
  await ensureCluster(store, { shards: config.shards, hashVersion: shardHashVersion }).catch(
    (error: unknown) => {
      throw new ConfigError(error instanceof Error ? error.message : String(error));
    },
  );
  const bus = await openBus({ url: config.natsUrl, name: id, log });
  const liveness = startLiveness(bus, { role: "courier", id });
  const ownership = startOwnership({
    bus,
    store,
    liveness,
    log,
    kind: "job",
    role: "courier",
    id,
    claimed: async () => {},
    drain: async () => {},
  });
  const repair = startWebhookRepair({
    store,
    secrets: openSecretBox(await readMasterKey(env)),
    apiRoot: config.telegramApiRoot,
    publicUrl: config.publicUrl,
    log,
    ownsBot: (botId) => ownership.held.has(shardOf("bot", botId, config.shards)),
  });
  await ownership.settled;
  return {
    async close() {
      await repair.close();
      await ownership.close();
      liveness.close();
      await Promise.all([bus.close(), store.end()]);
    },
  };
}

import { openBus } from "@rookery/bus";
import { readPrivateUrls } from "@rookery/local";
import { encodeInternal, type Revocation, subjects } from "@rookery/protocol";
import { openLog, readText } from "@rookery/runtime";
import { chooseDataDir } from "./data-folder.ts";
import type { DatabaseChoice } from "./database.ts";

/**
 * Tells the edges of a cluster what has been revoked, once it is committed. Where no NATS runs, or it cannot be reached,
 * edges find it in Postgres within seconds.
 */
export async function announceRevocation(
  { data, env }: DatabaseChoice,
  revocation: Revocation,
): Promise<void> {
  const { natsUrl } = await readPrivateUrls(chooseDataDir(data, env));
  const url = readText(env, "NATS_URL", natsUrl ?? "");
  if (url === "") return;
  const log = openLog("cli", { LOG_LEVEL: "silent" });
  try {
    const bus = await openBus({ url, name: "rookery cli", log });
    bus.publish(subjects.revoked, encodeInternal(revocation));
    await bus.close();
  } catch {
    process.stderr.write("NATS cannot be reached: the edges find out by themselves, in some seconds\n");
  }
}

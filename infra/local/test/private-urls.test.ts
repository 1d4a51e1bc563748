import assert from "node:assert/strict";
import { test } from "node:test";
import { readPrivateUrls, startParts } from "../src/mod.ts";
import { atEnd, makeFolder } from "./starter.ts";

const none = { databaseUrl: undefined, natsUrl: undefined, redisUrl: undefined };

test("the servers of a folder are found while they run, whatever files they left", async (t) => {
  const dataDir = await makeFolder(t);
  assert.deepEqual(await readPrivateUrls(dataDir), none);
  const parts = await startParts({ dataDir, env: {}, only: ["postgres", "nats", "redis"] });
  atEnd(t, () => parts.close());
  const { databaseUrl, natsUrl, redisUrl } = parts;
  assert.deepEqual(await readPrivateUrls(dataDir), { databaseUrl, natsUrl, redisUrl });
  await parts.close();
  assert.deepEqual(await readPrivateUrls(dataDir), none);
});

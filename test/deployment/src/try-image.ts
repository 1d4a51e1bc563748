/**
 * `node test/deployment/src/try-image.ts`, as root on Debian: executes the steps of `infra/Dockerfile` in bare roots, starts
 * what comes of it on private servers, and asks it things. Exit 1 when anything is not as it should be.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort, startParts } from "@rookery/local";
import { until } from "@rookery/kit";
import { type Container, startContainer } from "./container.ts";
import { type Image, openBuilder } from "./image.ts";
import { root } from "./render.ts";

const readyMsMax = 60_000;
const tell = (line: string): void => void process.stdout.write(`${line}\n`);

const folder = await mkdtemp(join(tmpdir(), "rookery-image-"));
await chmod(folder, 0o755);
const running: Container[] = [];
const parts = await startParts({ dataDir: join(folder, "data"), env: {}, progress: tell });
try {
  const builder = await openBuilder({ folder, source: root, dockerfile: "infra/Dockerfile", tell });
  const images = {
    edge: await builder.build("edge"),
    worker: await builder.build("worker"),
    courier: await builder.build("courier"),
    cli: await builder.build("cli"),
  };
  const size = execFileSync("du", ["-sm", images.edge.root], { encoding: "utf8" }).split("\t")[0];
  tell(`the image of an edge unpacked: ${size} MB, user ${images.edge.user}`);
  await tryAll(images);
  tell("the images serve, as a user without rights, on roots that cannot be written");
} finally {
  await Promise.all(running.map((each) => each.stop()));
  await parts.close();
  await rm(folder, { recursive: true, force: true });
}
process.exit();

async function tryAll(images: Readonly<Record<"edge" | "worker" | "courier" | "cli", Image>>): Promise<void> {
  const keys = join(folder, "keys");
  const volume = join(folder, "volume");
  await mkdir(keys);
  await mkdir(volume, { mode: 0o750 });
  // As an engine gives a new volume the owner of the folder it is shown at.
  const { uid, gid } = await stat(join(images.edge.root, "var/lib/rookery"));
  await chown(volume, uid, gid);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(join(keys, "jwt-key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(join(keys, "master.key"), randomBytes(32));
  const port = String(await findFreePort("127.0.0.1"));
  const servers = { DATABASE_URL: parts.databaseUrl, NATS_URL: parts.natsUrl, REDIS_URL: parts.redisUrl };
  const settings = {
    ...servers,
    PORT: port,
    // On this machine loopback; in a network of containers the images' own 0.0.0.0.
    HOST: "127.0.0.1",
    METRICS_HOST: "127.0.0.1",
    METRICS_PORT: "0",
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    JWT_PRIVATE_KEY_FILE: "/run/rookery/jwt-key.pem",
    MASTER_KEY_FILE: "/run/rookery/master.key",
  };
  const once = async (image: Image, more: { words?: string[]; exec?: string[] }): Promise<string> => {
    const container = startContainer(image, { env: settings, folder: keys, volume, ...more });
    const code = await container.exited;
    assert.equal(code, 0, container.output());
    return container.output();
  };

  tell((await once(images.cli, { words: ["migrate", "up"] })).split("\n").at(-2) ?? "");
  assert.match(await once(images.edge, { exec: ["id", "-u"] }), /^65532$/m);
  const writes =
    'for each in / /app /tmp /run /usr; do touch "$each/x" 2>/dev/null && echo "$each can be written"; done; echo done';
  assert.equal((await once(images.edge, { exec: ["sh", "-c", writes] })).trim(), "done");
  const tools = "command -v npm yarn corepack gcc curl wget; echo done";
  assert.equal((await once(images.edge, { exec: ["sh", "-c", tools] })).trim(), "done");

  const containers = (["worker", "courier", "edge"] as const).map((name) => {
    const container = startContainer(images[name], { env: settings, folder: keys, volume });
    running.push(container);
    void container.exited.then((code) =>
      tell(`${name} ended with ${code}${code === 0 ? "" : `\n${container.output()}`}`),
    );
    return container;
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/health/ready`).catch(() => null))?.ok === true, {
    withinMs: readyMsMax,
    what: `an edge that serves\n${containers.map((each) => each.output()).join("\n")}`,
  });
  await once(images.edge, { exec: ["node", "infra/health-check.ts", port] });
  await talk(url);
  const codes = await Promise.all(running.splice(0).map((each) => each.stop()));
  assert.deepEqual(codes, [0, 0, 0], "all end with 0 on SIGTERM");
}

/** A person registers and writes; what was acked is read again. */
async function talk(url: string): Promise<void> {
  const ask = async (path: string, body?: object, token?: string): Promise<Record<string, unknown>> => {
    const response = await fetch(url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(response.ok, `${path}: ${response.status}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const person = { email: "ada@example.com", password: "correct horse battery" };
  const { accessToken } = await ask("/v1/auth/register", person);
  const token = String(accessToken);
  const chat = await ask("/v1/chats", { type: "group", memberIds: [], title: "Images" }, token);
  const path = `/v1/chats/${String(chat["id"])}/messages`;
  const sent = await ask(path, { body: "written in a bare root" }, token);
  const { items } = (await ask(path, undefined, token)) as { items?: { seq: number; body: string }[] };
  assert.ok(items?.some(({ seq, body }) => seq === sent["seq"] && body === "written in a bare root"));
  const headers = { authorization: `Bearer ${token}` };
  const kept = await fetch(`${url}/v1/files`, { method: "POST", headers, body: "the bytes of a file" });
  assert.equal(kept.status, 201, await kept.text());
  tell(`a message was committed as ${String(sent["seq"])} and read again`);
}

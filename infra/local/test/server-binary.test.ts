import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type BinaryWish, findServerBinary } from "../src/server-binary.ts";
import { makeFolder } from "./starter.ts";

const wish: BinaryWish = {
  names: ["rook-server", "jackdaw-server"],
  variable: "ROOKERY_ROOK_SERVER",
  versionMin: [2, 10],
  package: { name: "rookery-no-such-package", withDependencies: false },
};
const shared = { tether: { canSignal: false, canReach: false }, signal: new AbortController().signal };

async function writeServer(folder: string, name: string, version: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\necho "${name}: v${version}"\n`, { mode: 0o755 });
  return path;
}

test("a server on PATH that is too old is passed over for a newer one", async (t) => {
  const folder = await makeFolder(t);
  await writeServer(join(folder, "old"), "rook-server", "2.9.25");
  const path = await writeServer(join(folder, "new"), "rook-server", "2.10.1");
  const said: string[] = [];
  const env = { PATH: `${join(folder, "old")}:${join(folder, "new")}:/bin` };
  const found = await findServerBinary(wish, {
    ...shared,
    env,
    dataDir: folder,
    progress: (line) => said.push(line),
  });
  assert.deepEqual(found, { path, version: "2.10.1" });
  assert.match(said.join(), /2\.9\.25.*2\.10 or later/);
});

test("the one a variable names is taken first, and refused when it is too old or does not run", async (t) => {
  const folder = await makeFolder(t);
  const search = { ...shared, dataDir: folder, progress: () => undefined };
  const path = await writeServer(folder, "my-rook", "3.0.0");
  const old = await writeServer(folder, "old-rook", "2.9.0");
  const find = (value: string) =>
    findServerBinary(wish, { ...search, env: { PATH: "/bin", ROOKERY_ROOK_SERVER: value } });
  assert.equal((await find(path)).path, path);
  await assert.rejects(find(old), /ROOKERY_ROOK_SERVER=.*old-rook is 2\.9\.0; 2\.10 or later is needed/);
  await assert.rejects(find(join(folder, "none")), /ROOKERY_ROOK_SERVER=.*none does not run/);
});

/** Stand-ins for apt-get and dpkg, so that no test needs a mirror. */
async function writeTools(folder: string, aptGet: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "apt-get"), `#!/bin/sh\n${aptGet}\n`, { mode: 0o755 });
  const server = "#!/bin/sh\\necho rook-server: v2.10.3\\n";
  const dpkg = `mkdir -p "$3/usr/bin" && printf '${server}' > "$3/usr/bin/rook-server" && chmod 755 "$3/usr/bin/rook-server"`;
  await writeFile(join(folder, "dpkg"), `#!/bin/sh\n${dpkg}\n`, { mode: 0o755 });
  return `${folder}:/usr/bin:/bin`;
}

test("two that unpack at once both get a whole server, and the next one finds it there", async (t) => {
  const folder = await makeFolder(t);
  const unpacked: string[] = [];
  const search = {
    ...shared,
    env: {
      PATH: await writeTools(join(folder, "tools"), 'case "$*" in *download*) touch rook_1_all.deb;; esac'),
      XDG_CACHE_HOME: folder,
    },
    dataDir: folder,
    progress: (line: string) => unpacked.push(line),
  };
  const [one, other] = await Promise.all([findServerBinary(wish, search), findServerBinary(wish, search)]);
  assert.equal(one.version, "2.10.3");
  assert.deepEqual(one, other);
  const count = unpacked.length;
  assert.deepEqual(await findServerBinary(wish, search), one);
  assert.equal(unpacked.length, count);
  assert.deepEqual(await readdir(dirname(dirname(dirname(dirname(one.path))))), [wish.package.name]);
});

test("one that cannot be had is an error naming the package, the variable and what apt said", async (t) => {
  const folder = await makeFolder(t);
  const tools = await writeTools(join(folder, "tools"), 'echo "E: Unable to locate it" >&2; exit 100');
  const env = { PATH: tools, XDG_CACHE_HOME: folder };
  await assert.rejects(
    findServerBinary(wish, { ...shared, env, dataDir: folder, progress: () => undefined }),
    {
      name: "ConfigError",
      message:
        /rook-server 2\.10 or later.*Unable to locate it.*apt-get install rookery-no-such-package.*ROOKERY_ROOK_SERVER/,
    },
  );
});

/**
 * Executes a Dockerfile's stages in folders, as root of a machine without a container engine: `unshare` and `chroot` are
 * what an engine does too. What is not the real thing: the base images, which are a bare root by debootstrap with Node and
 * npm put where the official image has them; there are no layers, and no limits of memory or calls.
 */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { isIgnored, parseDockerfile, type Stage, type Step } from "./dockerfile.ts";

const run = promisify(execFile);
const stepMsMax = 600_000;
const outputBytesMax = 16 * 1_024 * 1_024;

/** What an engine would know of an image. */
export interface Image {
  readonly root: string;
  readonly workdir: string;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly health: readonly string[];
}

export interface Builder {
  build(target: string): Promise<Image>;
}

export interface BuilderOptions {
  /** Where roots are made; of the size of all stages together. */
  readonly folder: string;
  /** What is built from. */
  readonly source: string;
  readonly dockerfile: string;
  readonly tell: (line: string) => void;
}

export async function openBuilder({ folder, source, dockerfile, tell }: BuilderOptions): Promise<Builder> {
  const stages = parseDockerfile(await readFile(join(source, dockerfile), "utf8"));
  const rules = (await readFile(join(source, `${dockerfile}.dockerignore`), "utf8")).split("\n");
  const images = new Map<string, Image>();

  const baseOf = async (name: string): Promise<Image> => {
    const known = images.get(name);
    if (known !== undefined) return known;
    const stage = stages.find((each) => each.name === name);
    const root = join(folder, name.replaceAll(/[^\w.-]/g, "_"));
    const image = stage === undefined ? await makeBare(name, root) : await buildStage(stage, root);
    images.set(name, image);
    return image;
  };

  const makeBare = async (name: string, root: string): Promise<Image> => {
    const bare = { root, workdir: "/", user: "0:0", env: {}, entrypoint: [], command: [], health: [] };
    const debian = "debian:bookworm-slim";
    if (name === debian) {
      tell(`${name}: debootstrap`);
      await debootstrap(root);
    } else {
      await copyTree((await baseOf(debian)).root, root);
      tell(`${name}: that, Node and npm`);
      await putNode(root);
    }
    return bare;
  };

  const buildStage = async (stage: Stage, root: string): Promise<Image> => {
    const base = await baseOf(stage.base);
    await copyTree(base.root, root);
    let image: Image = { ...base, root };
    for (const step of stage.steps) {
      tell(`${stage.name}: ${describe(step)}`);
      image = await execute(step, image);
    }
    return image;
  };

  const execute = async (step: Step, image: Image): Promise<Image> => {
    switch (step.kind) {
      case "run":
        await runIn(image, ["/bin/sh", "-c", step.command]);
        return image;
      case "copy": {
        const from = step.from === null ? source : (await baseOf(step.from)).root;
        for (const path of step.sources) {
          const into = join(image.root, step.target.startsWith("/") ? "" : image.workdir, step.target);
          const place = step.target.endsWith("/") ? join(into, basename(path)) : into;
          await mkdir(dirname(place), { recursive: true });
          await cp(join(from, path), place, {
            recursive: true,
            verbatimSymlinks: true,
            force: true,
            filter: (each) => step.from !== null || isWanted(source, each, rules),
          });
        }
        if (step.from === null) await pruneEmpty(join(image.root, image.workdir, step.target));
        return image;
      }
      case "workdir":
        await mkdir(join(image.root, step.value), { recursive: true });
        return { ...image, workdir: step.value };
      case "user":
        return { ...image, user: step.value };
      case "env":
        return { ...image, env: { ...image.env, ...step.values } };
      case "entrypoint":
        return { ...image, entrypoint: step.words };
      case "command":
        return { ...image, command: step.words };
      case "health":
        return { ...image, health: step.words.filter((word) => word !== "CMD") };
    }
  };

  return { build: baseOf };
}

/** A folder is gone through; a file is copied unless the rules leave it out. */
function isWanted(source: string, file: string, rules: readonly string[]): boolean {
  if (basename(file) === "node_modules") return false;
  return statSync(file).isDirectory() || !isIgnored(relative(source, file), rules);
}

/** Folders of which every file was left out. */
async function pruneEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (entries === null) return;
  for (const entry of entries) if (entry.isDirectory()) await pruneEmpty(join(folder, entry.name));
  if ((await readdir(folder)).length === 0) await rm(folder, { recursive: true });
}

async function copyTree(from: string, to: string): Promise<void> {
  await run("cp", ["-a", "--reflink=auto", from, to], { timeout: stepMsMax });
}

/** By the machine's own package sources, whichever they are. */
async function debootstrap(root: string): Promise<void> {
  const scratch = await mkdtemp(`${root}.debootstrap-`);
  try {
    const { stdout } = await run("apt-get", [
      "indextargets",
      "--format",
      "$(REPO_URI)",
      "Created-By: Packages",
    ]);
    const [mirror = ""] = stdout.split("\n");
    await run("apt-get", ["download", "debootstrap"], { cwd: scratch, timeout: stepMsMax });
    const [file = ""] = await readdir(scratch);
    await run("dpkg", ["-x", join(scratch, file), join(scratch, "unpacked")]);
    const env = { ...process.env, DEBOOTSTRAP_DIR: join(scratch, "unpacked/usr/share/debootstrap") };
    const program = join(scratch, "unpacked/usr/sbin/debootstrap");
    await run(program, ["--variant=minbase", "bookworm", root, mirror], {
      env,
      timeout: stepMsMax,
      maxBuffer: outputBytesMax,
    });
    // As the slim image: what only installing needed.
    await run("rm", [
      "-rf",
      ...["var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"].map(
        (each) => join(root, each),
      ),
    ]);
    await chmod(root, 0o755);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Node is the one that runs this; npm is the machine's, by any Node. */
async function putNode(root: string): Promise<void> {
  const { stdout } = await run("sh", ["-c", "realpath $(command -v npm)"]);
  await cp(process.execPath, join(root, "usr/local/bin/node"));
  await cp(dirname(dirname(stdout.trim())), join(root, "usr/local/lib/node_modules/npm"), {
    recursive: true,
    dereference: true,
  });
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/local/bin/npm"));
}

/** As root of that root, with the machine's network and what npm needs to find its registry. */
async function runIn(image: Image, words: readonly string[]): Promise<void> {
  const npmrc = join(image.root, "root/.npmrc");
  const { stdout } = await run("npm", ["config", "get", "registry"]);
  await writeFile(npmrc, `registry=${stdout.trim()}\n`);
  await cp("/etc/resolv.conf", join(image.root, "etc/resolv.conf"), { dereference: true });
  await cp("/etc/hosts", join(image.root, "etc/hosts"));
  const { http_proxy, https_proxy, no_proxy, HTTP_PROXY, HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS } =
    process.env;
  const proxies = { http_proxy, https_proxy, no_proxy, HTTP_PROXY, HTTPS_PROXY, NO_PROXY };
  if (NODE_EXTRA_CA_CERTS !== undefined)
    await cp(NODE_EXTRA_CA_CERTS, join(image.root, "etc/ssl/extra-ca.pem"));
  const env = {
    ...proxies,
    ...(NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS: "/etc/ssl/extra-ca.pem" }),
    PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    ...image.env,
  };
  const script =
    'mount -t proc proc "$0/proc" && cd "$0" && exec chroot . /bin/sh -c "cd $1 && exec \\"\\$@\\"" sh "${@:2}"';
  await run(
    "unshare",
    ["--mount", "--pid", "--fork", "bash", "-c", script, image.root, image.workdir, ...words],
    {
      env,
      timeout: stepMsMax,
      maxBuffer: outputBytesMax,
    },
  );
  await rm(join(image.root, "root"), { recursive: true, force: true });
  await mkdir(join(image.root, "root"), { mode: 0o700 });
}

function describe(step: Step): string {
  switch (step.kind) {
    case "run":
      return `RUN ${step.command.slice(0, 60)}…`;
    case "copy":
      return `COPY ${step.from === null ? "" : `from ${step.from} `}${step.sources.join(" ")} ${step.target}`;
    case "workdir":
    case "user":
      return `${step.kind.toUpperCase()} ${step.value}`;
    case "env":
      return `ENV ${Object.keys(step.values).join(" ")}`;
    case "entrypoint":
    case "command":
    case "health":
      return `${step.kind.toUpperCase()} ${step.words.join(" ")}`;
  }
}

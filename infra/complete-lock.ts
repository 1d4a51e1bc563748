/**
 * `npm run complete-lock`, after every `npm install`.
 *
 * npm writes those optional packages of other platforms into the lock file that its registry holds, and `npm ci` refuses a
 * lock file without the others. Here they are put back as npm itself lists what it does not install: name, version,
 * platform (npm issue 4828).
 */
import { readFile, writeFile } from "node:fs/promises";

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

const platforms = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const processors = [
  "arm",
  "arm64",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "wasm32",
  "x64",
];

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(await readFile(path, "utf8")) as { packages: Record<string, Entry> };
const added: string[] = [];
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const target = `node_modules/${name}`;
    if (lock.packages[target] !== undefined || lock.packages[`${place}/${target}`] !== undefined) continue;
    lock.packages[target] = {
      version,
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
      ...platformOf(name),
    };
    added.push(name);
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).toSorted(([one], [other]) => one.localeCompare(other, "en")),
);
await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? "the lock file is complete" : `put back: ${added.join(", ")}`);

/** What a package's name says of the platform it is for; nothing of one that is for all. */
function platformOf(name: string): Partial<Record<"os" | "cpu" | "libc", string[]>> {
  const words = name.split(/[/-]/);
  const os = platforms.find((each) => words.includes(each));
  const cpu = processors.find((each) => words.includes(each));
  const libc = words.includes("musl") ? "musl" : words.includes("gnu") ? "glibc" : undefined;
  return {
    ...(os === undefined ? {} : { os: [os] }),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
  };
}

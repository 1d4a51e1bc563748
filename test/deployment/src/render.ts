/** The overlays of `k8s` as an operator applies them, by kustomize itself. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse, parseAllDocuments } from "yaml";
import type { Manifest } from "./schema.ts";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
export const overlays = ["local", "production"] as const;
export type Overlay = (typeof overlays)[number];

const run = promisify(execFile);
const renderMsMax = 60_000;
const outputBytesMax = 16 * 1_024 * 1_024;
/** Both are the same kustomize. */
const programs: readonly (readonly [string, readonly string[]])[] = [
  ["kubectl", ["kustomize"]],
  ["kustomize", ["build"]],
];

/**
 * What an overlay becomes, with secrets made for this moment where it makes its own.
 *
 * @returns null where neither kubectl nor kustomize is installed.
 * @throws what kustomize says, when it refuses.
 */
export async function renderOverlay(overlay: Overlay): Promise<Manifest[] | null> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-k8s-"));
  try {
    for (const each of ["k8s", "infra"]) {
      await cp(join(root, each), join(folder, each), {
        recursive: true,
        filter: (path) => !/node_modules|\/secret$/.test(path),
      });
    }
    await run(join(folder, "infra", "make-secrets.sh"), ["../k8s/overlays/local/secret"]);
    for (const [program, args] of programs) {
      const rendered = await run(program, [...args, join(folder, "k8s", "overlays", overlay)], {
        timeout: renderMsMax,
        maxBuffer: outputBytesMax,
      }).catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
        throw error;
      });
      if (rendered !== null) return parseManifests(rendered.stdout);
    }
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every object in a folder's files as it is written, before any overlay; and the kustomizations by folder. */
export async function readSources(
  folder: string,
): Promise<{ manifests: Manifest[]; kustomizations: ReadonlyMap<string, Kustomization> }> {
  const manifests: Manifest[] = [];
  const kustomizations = new Map<string, Kustomization>();
  for (const entry of await readdir(join(root, folder), { withFileTypes: true, recursive: true })) {
    if (!entry.name.endsWith(".yaml") || entry.name.endsWith("-values.yaml")) continue;
    const text = await readFile(join(entry.parentPath, entry.name), "utf8");
    if (entry.name === "kustomization.yaml")
      kustomizations.set(entry.parentPath, parse(text) as Kustomization);
    else manifests.push(...parseManifests(text));
  }
  return { manifests, kustomizations };
}

export interface Kustomization {
  readonly kind: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
}

function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Manifest;
  });
}

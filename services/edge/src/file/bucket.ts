/**
 * The bytes of files in a store that speaks S3: one object each, named by its SHA-256, which is what the request is signed with too. What
 * comes is first kept aside in a folder, for its digest is known only at its end; so no object is ever half there.
 */
import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Fault } from "@rookery/protocol";
import { ConfigError, type Env, type Log, readRequired, readText, sparseWarning } from "@rookery/runtime";
import { AwsV4Signer } from "aws4fetch";
import { Agent, request } from "undici";
import { type FileContents, receiveInto } from "./contents.ts";

export interface BucketConfig {
  /** Without a path; the bucket is the first part of it. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Before every name, with its slash. */
  readonly prefix: string;
}

/** @throws ConfigError naming the variable. */
export function readBucketConfig(env: Env): BucketConfig | null {
  const bucket = readText(env, "FILES_S3_BUCKET", "");
  if (bucket === "") return null;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new ConfigError("FILES_S3_BUCKET: 3 to 63 of a-z, 0-9, point and dash");
  const endpoint = readRequired(env, "FILES_S3_ENDPOINT");
  const isOrigin = URL.canParse(endpoint) && /^https?:\/\/[^/]+$/.test(endpoint);
  if (!isOrigin) throw new ConfigError("FILES_S3_ENDPOINT: an origin like https://s3.example.org is needed");
  const prefix = readText(env, "FILES_S3_PREFIX", "");
  if (!/^[A-Za-z0-9/._-]{0,256}$/.test(prefix))
    throw new ConfigError("FILES_S3_PREFIX: at most 256 of A-Z, a-z, 0-9, slash, point, underscore and dash");
  return {
    endpoint,
    bucket,
    prefix,
    region: readText(env, "FILES_S3_REGION", "us-east-1"),
    accessKeyId: readRequired(env, "FILES_S3_ACCESS_KEY_ID"),
    secretAccessKey: readRequired(env, "FILES_S3_SECRET_ACCESS_KEY"),
  };
}

const connectMs = 5_000;
/** For the first word of an answer, and between any two bytes of it. */
const answerMs = 30_000;
/** At once; further ones wait. */
const connectionsMax = 64;
const retryMs = 1_000;

/** @throws what making the folder throws; whether the store answers is seen at the first file. */
export async function openBucket(
  config: BucketConfig,
  { folder, log }: { readonly folder: string; readonly log: Log },
): Promise<FileContents> {
  const coming = join(folder, "coming");
  await mkdir(coming, { recursive: true, mode: 0o700 });
  const dispatcher = new Agent({
    connect: { timeout: connectMs },
    connections: connectionsMax,
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
  });

  const warn = sparseWarning(log, "files in the bucket cannot be reached");
  /** Nothing of the caller's is wrong, so it may be tried again; what is wrong is the operator's to know. */
  const away = (err: string): Fault => {
    warn({ err, bucket: config.bucket });
    return new Fault("unavailable", "files cannot be reached now", { retryMs });
  };

  const ask = async (
    method: "GET" | "PUT",
    digest: Buffer,
    {
      headers = {},
      body = null,
    }: { readonly headers?: Record<string, string>; readonly body?: Readable | null },
  ) => {
    const { endpoint, bucket, prefix, ...keys } = config;
    const url = `${endpoint}/${bucket}/${prefix}${digest.toString("hex")}`;
    const about = { ...keys, service: "s3", method, url, headers };
    try {
      const signed = await new AwsV4Signer(about).sign();
      return await request(signed.url, {
        method,
        dispatcher,
        headers: Object.fromEntries(signed.headers),
        body,
      });
    } catch (error) {
      body?.destroy();
      throw away(error instanceof Error ? error.message : String(error));
    }
  };

  return {
    receive: (source) => receiveInto(coming, source),
    async keep({ path, digest, size }) {
      const headers = { "content-length": String(size), "x-amz-content-sha256": digest.toString("hex") };
      const { statusCode, body } = await ask("PUT", digest, { headers, body: createReadStream(path) });
      await body.dump();
      if (statusCode !== 200) throw away(`answered ${statusCode}`);
      await rm(path, { force: true });
    },
    discard: ({ path }) => rm(path, { force: true }),
    async open(digest, range) {
      const asked: Record<string, string> =
        range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` };
      const { statusCode, body } = await ask("GET", digest, { headers: asked });
      if (statusCode === (range === undefined ? 200 : 206)) return body;
      await body.dump();
      if (statusCode === 404) return null;
      throw away(`answered ${statusCode}`);
    },
    // Not `close`, which waits for whoever has not read to the end.
    close: () => dispatcher.destroy(),
  };
}

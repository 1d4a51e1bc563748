import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { makeSigningKey } from "@rookery/auth";
import { readOrMake } from "@rookery/local";
import { ConfigError, type Env, readText } from "@rookery/runtime";
import { shardsDefault } from "./up-config.ts";

export interface KeyFiles {
  readonly jwtPrivateKeyFile: string;
  readonly masterKeyFile: string;
}

/** The data folder that a command means: `--data`, else `ROOKERY_DATA`, else `.rookery` here. Absolute. */
export function chooseDataDir(flag: string | undefined, env: Env): string {
  return resolve(flag ?? readText(env, "ROOKERY_DATA", ".rookery"));
}

/** Where the keys are: the files the environment names, else those of the data folder. */
export function keyFiles(data: string | undefined, env: Env): KeyFiles {
  const dataDir = chooseDataDir(data, env);
  return {
    jwtPrivateKeyFile: readText(env, "JWT_PRIVATE_KEY_FILE", join(dataDir, "jwt-key.pem")),
    masterKeyFile: readText(env, "MASTER_KEY_FILE", join(dataDir, "master.key")),
  };
}

/** The keys the environment names; those it does not are made once in the data folder, readable by its owner. */
export async function readOrMakeKeys(dataDir: string, env: Env): Promise<KeyFiles> {
  const { jwtPrivateKeyFile, masterKeyFile } = keyFiles(dataDir, env);
  if (readText(env, "JWT_PRIVATE_KEY_FILE", "") === "") await readOrMake(jwtPrivateKeyFile, makeSigningKey);
  if (readText(env, "MASTER_KEY_FILE", "") === "") await readOrMake(masterKeyFile, () => randomBytes(32));
  return { jwtPrivateKeyFile, masterKeyFile };
}

/**
 * The number of shards of this data folder, written down at its first start.
 *
 * @throws ConfigError when another is asked for: chats would be looked for where they are not.
 */
export async function readOrMakeShards(dataDir: string, wanted: number | undefined): Promise<number> {
  const text = await readOrMake(join(dataDir, "shards"), () => `${wanted ?? shardsDefault}\n`);
  const shards = Number(text.toString("utf8"));
  if (wanted !== undefined && wanted !== shards) {
    throw new ConfigError(
      `ROOKERY_SHARDS=${wanted}, but ${dataDir} was made with ${shards} shards, which cannot change: leave --shards out`,
    );
  }
  return shards;
}

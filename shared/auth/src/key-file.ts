import { readFile } from "node:fs/promises";
import { ConfigError, type Env, readRequired, readText } from "@rookery/runtime";
import { type MasterKey, parseMasterKey } from "./master-key.ts";

/** The master key named by `MASTER_KEY_FILE`. @throws ConfigError naming the variable. */
export async function readMasterKey(env: Env): Promise<MasterKey> {
  return parseMasterKey(await readKeyFile(env, "MASTER_KEY_FILE"));
}

/** The master keys named by `MASTER_KEY_OLD_FILES`, which open and do not seal. @throws ConfigError naming the file. */
export async function readOldMasterKeys(env: Env): Promise<MasterKey[]> {
  const name = "MASTER_KEY_OLD_FILES";
  const files = readText(env, name, "")
    .split(",")
    .filter((file) => file !== "");
  return Promise.all(files.map(async (file) => parseMasterKey(await readKeyFile({ [name]: file }, name))));
}

/** The PKCS8 PEM text of the ES256 key named by `JWT_PRIVATE_KEY_FILE`. @throws ConfigError naming the variable. */
export async function readPrivateKey(env: Env): Promise<string> {
  return (await readKeyFile(env, "JWT_PRIVATE_KEY_FILE")).toString("utf8");
}

async function readKeyFile(env: Env, name: string): Promise<Buffer> {
  const path = readRequired(env, name);
  try {
    return await readFile(path);
  } catch (error) {
    throw new ConfigError(`${name}=${path} cannot be read`, { cause: error });
  }
}

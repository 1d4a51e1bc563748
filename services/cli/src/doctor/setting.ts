/** Of the settings: keys that can be read, a URL that the world can use. */
import { stat } from "node:fs/promises";
import { openTokens, readMasterKey, readPrivateKey } from "@rookery/auth";
import { type Env, readText } from "@rookery/runtime";
import { type KeyFiles, keyFiles } from "../data-folder.ts";
import { type Finding, missing, ok, warning } from "./finding.ts";

/** Where Telegram delivers. */
const telegramPorts = ["", "80", "88", "443", "8443"];

export function judgePublicUrl(text: string): Finding {
  const name = "PUBLIC_URL";
  const todo = "give the URL under which the world reaches the edges, such as https://chat.example.com";
  if (text === "") return ok(name, "not set: the first edge, which Telegram and other machines cannot reach");
  if (!URL.canParse(text)) return missing(name, `PUBLIC_URL=${text} is no URL`, todo);
  const { protocol, hostname, port, search, hash, username } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:")
    return missing(name, `PUBLIC_URL=${text} is neither http nor https`, todo);
  if (search !== "" || hash !== "" || username !== "")
    return missing(name, `PUBLIC_URL=${text} has more than host, port and path`, todo);
  if (/^(localhost|127\.|\[::1\])/.test(hostname)) return ok(name, `${text}, of this machine alone`);
  if (protocol === "http:")
    return warning(name, `${text} is not https`, "cookies go in the clear, and Telegram sends nothing there");
  if (!telegramPorts.includes(port))
    return warning(name, `${text} has port ${port}`, "Telegram sends to 443, 80, 88 and 8443 only");
  return ok(name, text);
}

/** Of a key file: what the file system says, and why its text was refused, if it was. */
export interface KeyFile {
  readonly variable: string;
  readonly file: string;
  /** Permission bits; undefined: it is not there. */
  readonly mode: number | undefined;
  readonly refusal: string | undefined;
  /** Whether it is made when it is not there. */
  readonly isMade: boolean;
}

export function judgeKeyFile({ variable, file, mode, refusal, isMade }: KeyFile): Finding {
  if (mode === undefined) {
    if (isMade) return ok(variable, `${file} is made at the first start`);
    return missing(
      variable,
      `${variable}=${file} is not there`,
      "name the key, or unset it to have one made",
    );
  }
  if (refusal !== undefined)
    return missing(variable, refusal, "give it back from a backup, and let this user read it");
  if ((mode & 0o077) !== 0)
    return warning(variable, `${file} can be read by others (${mode.toString(8)})`, `chmod 600 ${file}`);
  return ok(variable, file);
}

export async function checkSettings(data: string | undefined, env: Env): Promise<Finding[]> {
  return [...(await checkKeys(keyFiles(data, env), env)), judgePublicUrl(readText(env, "PUBLIC_URL", ""))];
}

export async function checkKeys(files: KeyFiles, env: Env): Promise<Finding[]> {
  const { jwtPrivateKeyFile, masterKeyFile } = files;
  return await Promise.all([
    checkKey("JWT_PRIVATE_KEY_FILE", jwtPrivateKeyFile, env, async (named) => {
      await openTokens({ privateKeyPem: await readPrivateKey(named) });
    }),
    checkKey("MASTER_KEY_FILE", masterKeyFile, env, async (named) => {
      await readMasterKey(named);
    }),
  ]);
}

async function checkKey(
  variable: string,
  file: string,
  env: Env,
  read: (env: Env) => Promise<void>,
): Promise<Finding> {
  const found = await stat(file).catch(() => undefined);
  const refusal =
    found === undefined
      ? undefined
      : await read({ [variable]: file }).then(
          () => undefined,
          (error: unknown) => whyRefused(variable, file, error),
        );
  const isMade = readText(env, variable, "") === "";
  const mode = found === undefined ? undefined : found.mode & 0o777;
  return judgeKeyFile({ variable, file, mode, refusal, isMade });
}

function whyRefused(variable: string, file: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.includes(file) ? reason : `${variable}=${file}: ${reason}`;
}

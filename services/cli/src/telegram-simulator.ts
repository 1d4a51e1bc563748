import { fileURLToPath } from "node:url";
import { findFreePort, keep, readTether, whyPortTaken } from "@rookery/local";
import { type Env, readText } from "@rookery/runtime";
import { demoBot } from "@rookery/telegram-simulator/demo";
import { planChild } from "./child.ts";

export interface TelegramSimulator {
  /** What the cluster takes for Telegram. */
  readonly url: string;
  /** Told to who starts the cluster, which serves there. */
  welcome(edgeUrl: string): readonly string[];
  close(): Promise<void>;
}

export const simulatorProgram = fileURLToPath(
  new URL("../../../infra/telegram-simulator/src/main.ts", import.meta.url),
);

const host = "127.0.0.1";
const restartMs = 1_000;
const stopMsMax = 5_000;
const portTriesMax = 5;

/** Starts it as a child; resolves when it serves. It keeps its port when it has to be started again. */
export async function startTelegramSimulator(
  file: string,
  options: {
    readonly env: Env;
    readonly progress: (line: string) => void;
  },
): Promise<TelegramSimulator> {
  for (let tries = 1; ; tries++) {
    const port = await findFreePort(host);
    try {
      return await startAt(file, port, options);
    } catch (error) {
      // Somebody took it between choosing and listening.
      const isTaken = (await whyPortTaken(host, port)) !== undefined;
      if (!isTaken || tries === portTriesMax) throw error;
    }
  }
}

async function startAt(
  file: string,
  port: number,
  options: Parameters<typeof startTelegramSimulator>[1],
): Promise<TelegramSimulator> {
  const url = `http://${host}:${port}`;
  const node = "telegram-simulator";
  const env = {
    ...options.env,
    PORT: String(port),
    LOG_FORMAT: readText(options.env, "LOG_FORMAT", process.stderr.isTTY ? "pretty" : "json"),
  };
  const program = planChild({ node, file, env, stopMsMax });
  const keeper = keep(program, {
    tether: readTether(),
    restartMs,
    onUp: (pid) => options.progress(`${node}: serves ${url}, pid ${pid}`),
    onDown: (reason) => options.progress(`${node}: ${reason}; starting again, and what it knew is gone`),
  });
  try {
    await keeper.started;
  } catch (error) {
    await keeper.close();
    throw error;
  }
  return { url, welcome: (edgeUrl) => encodeWelcome(url, edgeUrl), close: () => keeper.close() };
}

function encodeWelcome(url: string, edgeUrl: string): string[] {
  const headers = "-H 'authorization: Bearer <accessToken>' -H 'content-type: application/json'";
  const { username, token } = demoBot;
  return [
    `Telegram is simulated and has a bot, ${username}, token ${token}`,
    "Give it to your account, let somebody write to it, answer in the chat that this makes, and see what they saw:",
    `  curl -s ${edgeUrl}/v1/bots ${headers} \\`,
    `    -d '{"username":"${username}","displayName":"Demo","mode":"webhook","token":"${token}"}'`,
    `  curl -s ${url}/control/says -d '{"user":"ada","bot":"${username}","text":"/start"}'`,
    `  curl -s ${edgeUrl}/v1/chats ${headers}`,
    `  curl -s ${edgeUrl}/v1/chats/<id>/messages ${headers} -d '{"body":"Hello"}'`,
    `  curl -s '${url}/control/journal?user=ada'`,
    "",
  ];
}

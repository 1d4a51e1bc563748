import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./until.ts";

/** A server of a test's own, to be killed, frozen and started again on the same port and the same store. */
export class NatsServer {
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess | undefined;
  #guard: ChildProcess | undefined;

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it listens, which it does after its streams are recovered. */
  async start(port = this.#port): Promise<string> {
    const command = process.env["ROOKERY_NATS_SERVER"] ?? "nats-server";
    const args = ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", this.#store];
    const child = spawn(command, args, { stdio: "ignore" });
    let failure: Error | undefined;
    child.once("error", (cause) => {
      failure = new Error(`${command} does not run; ROOKERY_NATS_SERVER names another`, { cause });
    });
    this.#child = child;
    // However this process ends, the pipe closes, and no server and no folder is left.
    const guard = ["-c", 'read line; kill -9 "$1"; rm -rf "$2"', "guard", String(child.pid), this.#folder];
    if (child.pid !== undefined) this.#guard = spawn("sh", guard, { stdio: ["pipe", "ignore", "ignore"] });
    await until("the NATS server listens", () => {
      if (failure !== undefined) throw failure;
      return listens(port);
    });
    return `nats://127.0.0.1:${port}`;
  }

  /** `SIGKILL`: nothing is flushed by the process itself. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#guard?.kill("SIGKILL");
    this.#guard = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Keeps a copy of the store of a server that is down. */
  async save(): Promise<void> {
    await cp(this.#store, join(this.#folder, "saved"), { recursive: true });
  }

  /** Puts the copy in the place of the store: a log that has lost its tail. */
  async restore(): Promise<void> {
    await rm(this.#store, { recursive: true });
    await cp(join(this.#folder, "saved"), this.#store, { recursive: true });
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #store(): string {
    return join(this.#folder, "store");
  }
}

export async function startNats(): Promise<NatsServer> {
  const server = new NatsServer(await mkdtemp(join(tmpdir(), "rookery-bus-")), await findFreePort());
  await server.start();
  return server;
}

export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    const [greeting] = await once(socket, "data");
    return String(greeting).startsWith("INFO");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

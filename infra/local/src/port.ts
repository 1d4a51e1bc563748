import { createServer } from "node:net";

/**
 * Below the kernel's range for outgoing connections (32768 and up): a client that tries again and again while the
 * server is away could otherwise be given the server's own port, connect to itself and keep the server out.
 */
const portMin = 15_000;
const portMax = 31_999;
const triesMax = 100;

/** Tries to listen on a port. @returns undefined when that can be done, else the system's code (`EADDRINUSE`). */
export async function whyPortTaken(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** A loopback port nobody listens on; it may be taken before it is used, so whoever uses it tries again. */
export async function findFreePort(host = "127.0.0.1"): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin + 1));
    if ((await whyPortTaken(host, port)) === undefined) return port;
  }
  throw new Error(`no free port from ${portMin} to ${portMax} in ${triesMax} tries`);
}

import { ConfigError } from "@rookery/runtime";
import type { TemplatedApp, us_listen_socket } from "uWebSockets.js";

/** `LIBUS_LISTEN_EXCLUSIVE_PORT`, and the form of `listen` that takes it beside a host: its types know neither. */
const exclusively = 1;
type Listen = (
  host: string,
  port: number,
  options: number,
  done: (socket: us_listen_socket | false) => void,
) => unknown;

/**
 * Listens there alone. Left to itself uWS shares a port with whoever else does so (`SO_REUSEPORT`): of two clusters that took
 * the same port each would get half of the other's clients.
 *
 * @throws ConfigError when that cannot be had.
 */
export function listen(
  app: TemplatedApp,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    (app.listen as unknown as Listen).call(app, host, port, exclusively, (socket) => {
      if (socket) resolve(socket);
      else
        reject(new ConfigError(`cannot listen on ${host} port ${port}: is it in use, or not ours to use?`));
    });
  });
}

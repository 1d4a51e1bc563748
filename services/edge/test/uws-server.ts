import { App, type TemplatedApp, us_socket_local_port } from "uWebSockets.js";

/** uWS on a free loopback port, with the routes it is given. */
export interface UwsServer {
  readonly port: number;
  readonly url: string;
  /** Also of connections that are kept alive. */
  close(): void;
}

export function openUwsServer(register: (app: TemplatedApp) => void): Promise<UwsServer> {
  const app = App();
  register(app);
  return new Promise((resolve, reject) => {
    app.listen("127.0.0.1", 0, (socket) => {
      if (socket === false) {
        reject(new Error("no port to listen on"));
        return;
      }
      const port = us_socket_local_port(socket);
      resolve({ port, url: `http://127.0.0.1:${port}`, close: () => void app.close() });
    });
  });
}

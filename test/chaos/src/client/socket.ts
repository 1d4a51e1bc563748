/** One WebSocket of a client that suspects every silence. */
import type { ClientFrame, ServerFrame } from "@rookery/kit";
import { WebSocket } from "ws";
import type { Person } from "./population.ts";

export interface Socket {
  readonly isOpen: boolean;
  /** False when the socket cannot take it. */
  send(frame: ClientFrame): boolean;
  /** Ends it without a word, as a device that vanishes. */
  drop(): void;
}

export interface SocketEvents {
  readonly frame: (frame: ServerFrame) => void;
  /** Once, however it ended. */
  readonly closed: (code: number) => void;
}

const helloMsMax = 8_000;
const pingMs = 1_000;
/** Silence after which a client goes elsewhere. */
const silentMsMax = 3_500;
const unauthorized = 401;

/**
 * Opens a socket with `?resume=1` and waits for its Hello, which is the first frame told.
 *
 * @throws when there is none in time; a token that has ended is renewed for the next attempt.
 */
export async function openSocket(base: string, person: Person, events: SocketEvents): Promise<Socket> {
  const url = new URL("/v1/ws?device=chaos&resume=1", base.replace(/^http/, "ws"));
  const ws = new WebSocket(url, ["rookery.v1.json", `bearer.${person.token()}`], {
    perMessageDeflate: false,
    handshakeTimeout: helloMsMax,
  });
  let isGreeted = false;
  let heardMs = performance.now();
  const timer = setInterval(() => {
    if (!isGreeted) return;
    if (performance.now() - heardMs > silentMsMax) ws.terminate();
    else if (ws.readyState === WebSocket.OPEN) ws.send(`{"type":"Ping"}`);
  }, pingMs);
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      ws.terminate();
      reject(new Error(`no Hello in ${helloMsMax} ms`));
    }, helloMsMax);
    ws.on("unexpected-response", (_request, response) => {
      response.resume();
      const { statusCode } = response;
      const renewed = statusCode === unauthorized ? person.renew(base) : Promise.resolve();
      void renewed.then(() => reject(new Error(`the upgrade was refused: ${statusCode}`)));
      ws.removeAllListeners("close");
      clearTimeout(late);
      clearInterval(timer);
      ws.terminate();
    });
    // `close` follows and tells.
    ws.on("error", () => undefined);
    ws.on("close", (code) => {
      clearTimeout(late);
      clearInterval(timer);
      if (isGreeted) events.closed(code);
      else reject(new Error(`closed with ${code} before Hello`));
    });
    ws.on("message", (data: Buffer) => {
      heardMs = performance.now();
      const frame = JSON.parse(data.toString("utf8")) as ServerFrame;
      if (frame.type === "Hello") {
        isGreeted = true;
        clearTimeout(late);
        resolve();
      }
      events.frame(frame);
    });
  });
  return {
    get isOpen() {
      return ws.readyState === WebSocket.OPEN;
    },
    send(frame) {
      if (ws.readyState !== WebSocket.OPEN) return false;
      ws.send(JSON.stringify(frame));
      return true;
    },
    drop: () => ws.terminate(),
  };
}

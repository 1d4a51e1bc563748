/** The second control: the same rooms and frames by Socket.IO, as its documentation has it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { encodeMessage } from "./control-server.ts";

export interface SocketIoServer {
  readonly url: string;
}

/** Longer than any run: as with the others, no heartbeat disturbs a round. */
const pingIntervalMs = 3_600_000;

/** Listens on a free loopback port; tokens are those of the bare server. */
export async function startSocketIoServer(): Promise<SocketIoServer> {
  const http = createServer();
  const io = new Server(http, { transports: ["websocket"], pingInterval: pingIntervalMs });
  const heads = new Map<number, number>();
  io.on("connection", (socket) => {
    const { token } = socket.handshake.auth as { readonly token: string };
    void socket.join(token.split("."));
    socket.emit("m", { type: "Hello" });
    socket.on("m", ({ uuid, chatId, body }: { uuid: string; chatId: number; body: string }) => {
      const seq = (heads.get(chatId) ?? 0) + 1;
      heads.set(chatId, seq);
      const ts = Date.now();
      io.to(String(chatId)).emit("m", encodeMessage({ chatId, seq, uuid, body, ts, source: "ws" }));
      socket.emit("m", { type: "Ack", uuid, chatId, seq, rev: 0, ts, duplicate: false });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

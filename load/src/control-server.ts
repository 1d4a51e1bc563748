/**
 * The control: the same frames from a bare uWebSockets.js server that numbers messages and publishes them, with
 * no log, no database and no second process behind it. A figure of the cluster is worth its ratio to this one.
 */
import { App, us_listen_socket_close, us_socket_local_port } from "uWebSockets.js";

export interface ControlServer {
  readonly url: string;
  close(): void;
}

interface Peer {
  readonly chatIds: readonly string[];
  readonly userId: number;
}

/**
 * Listens on a free loopback port. The bearer token of a socket is the list of its chats, `1.2.3` (or of bots' names), and its user behind
 * that, where somebody asks: `1.2.3-7`.
 */
export async function startControlServer(): Promise<ControlServer> {
  const heads = new Map<number, number>();
  const next = (chatId: number): number => {
    const seq = (heads.get(chatId) ?? 0) + 1;
    heads.set(chatId, seq);
    return seq;
  };
  const app = App().ws<Peer>("/v1/ws", {
    upgrade(response, request, context) {
      const offered = request.getHeader("sec-websocket-protocol").split(/, */);
      const [chats = "", user = "0"] = (offered[1] ?? "").slice("bearer.".length).split("-");
      const peer = { chatIds: chats.split("."), userId: Number(user) };
      const [key, extensions] = ["key", "extensions"].map((name) =>
        request.getHeader(`sec-websocket-${name}`),
      );
      response.upgrade(peer, key ?? "", offered[0] ?? "", extensions ?? "", context);
    },
    open(socket) {
      for (const chatId of socket.getUserData().chatIds) socket.subscribe(chatId);
      socket.send('{"type":"Hello"}');
    },
    message(socket, data) {
      const frame = JSON.parse(Buffer.from(data).toString("utf8")) as {
        type: string;
        uuid: string;
        chatId: number;
        body: string;
        seq: number;
      };
      const { uuid, chatId, body } = frame;
      if (frame.type === "Read") {
        // One by one: what batching is measured against.
        const { userId } = socket.getUserData();
        const mark = { userId, deliveredSeq: frame.seq, readSeq: frame.seq };
        app.publish(String(chatId), JSON.stringify({ type: "Receipt", chatId, ...mark }));
        return;
      }
      const seq = next(chatId);
      const ts = Date.now();
      app.publish(
        String(chatId),
        JSON.stringify(encodeMessage({ chatId, seq, uuid, body, ts, source: "ws" })),
      );
      socket.send(JSON.stringify({ type: "Ack", uuid, chatId, seq, rev: 0, ts, duplicate: false }));
    },
  });
  // An update of Telegram's: answered, and a frame to whoever subscribed to the bot's name.
  app.post("/v1/telegram/webhook/:bot", (response, request) => {
    const bot = request.getParameter(0) ?? "";
    const chunks: Buffer[] = [];
    response.onAborted(() => {});
    response.onData((chunk, isLast) => {
      chunks.push(Buffer.from(new Uint8Array(chunk)));
      if (!isLast) return;
      const { update_id, message } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
        update_id: number;
        message: { text: string; chat: { id: number } };
      };
      const { id: chatId } = message.chat;
      const told = { chatId, seq: next(chatId), uuid: `tg-${update_id}`, body: message.text };
      app.publish(bot, JSON.stringify(encodeMessage({ ...told, ts: Date.now(), source: "telegram" })));
      response.cork(() => response.end(""));
    });
  });
  // A bot's call: answered with as many bytes as the cluster answers.
  const calls = new Map<number, number>();
  app.post("/:bot/sendMessage", (response) => {
    const chunks: Buffer[] = [];
    response.onAborted(() => {});
    response.onData((chunk, isLast) => {
      chunks.push(Buffer.from(new Uint8Array(chunk)));
      if (!isLast) return;
      const asked = JSON.parse(Buffer.concat(chunks).toString("utf8")) as BotCall;
      const count = (calls.get(asked.chat_id) ?? 0) + 1;
      calls.set(asked.chat_id, count);
      const body = JSON.stringify({ ok: true, result: encodeBotMessage(asked, count) });
      response.cork(() => response.writeHeader("content-type", "application/json").end(body));
    });
  });
  return await new Promise((resolve, reject) => {
    app.listen("127.0.0.1", 0, (listener) => {
      if (listener === false) return reject(new Error("no port to listen on"));
      resolve({
        url: `http://127.0.0.1:${us_socket_local_port(listener)}`,
        close: () => us_listen_socket_close(listener),
      });
    });
  });
}

interface BotCall {
  readonly chat_id: number;
  readonly text: string;
}

/** As large as what `sendMessage` answers in a group. */
function encodeBotMessage({ chat_id: id, text }: BotCall, messageId: number): object {
  const from = { id: 1_000, is_bot: true, first_name: "bot 1000", username: "load_1000" };
  const chat = { id, type: "supergroup", title: "load" };
  return { message_id: messageId, from, chat, date: Math.floor(Date.now() / 1_000), text };
}

/** As large as a frame of the cluster, whose fields it has. */
export function encodeMessage(told: {
  readonly chatId: number;
  readonly seq: number;
  readonly uuid: string;
  readonly body: string;
  readonly ts: number;
  readonly source: string;
}): object {
  const { chatId, seq, uuid, body, ts, source } = told;
  const message = { chatId, seq, rev: 0, senderId: 1, uuid, kind: "text", body, entities: [], replyTo: null };
  const rest = {
    forward: null,
    attachments: [],
    reactions: {},
    pinned: false,
    editedAt: null,
    deletedAt: null,
  };
  return { type: "Message", ...message, ...rest, ts, source };
}

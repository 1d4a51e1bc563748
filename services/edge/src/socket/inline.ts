/** Inline mode: a socket asks a bot of ours for something to send, is shown what it offers, and sends what was chosen. */
import { randomInt } from "node:crypto";
import {
  type ChatCommand,
  type ClientFrameOf,
  Fault,
  faultOfInfo,
  inlineAnswerMs,
  type InlineResult,
  type Reply,
  type UserId,
} from "@rookery/protocol";
import {
  findInlineOffer,
  findNativeBot,
  type InlineOffer,
  readInlineOffer,
  type Store,
} from "@rookery/store";
import type { CommandGateway } from "@rookery/gateway";
import type { BotWaits } from "../bot-api/bot-waits.ts";
import type { FetchedFiles } from "../bot-api/take-media.ts";
import { addressedBy } from "./command.ts";
import type { Connection } from "./connection.ts";

/** What `randomInt` takes. */
const queryIdMax = 2 ** 48;

export interface InlineMode {
  /** @throws Fault; `unavailable` when the bot says nothing in time */
  ask(connection: Connection, frame: ClientFrameOf<"InlineQuery">): Promise<void>;
  /** What is to be sent for a result. @throws Fault */
  choose(userId: UserId, frame: ClientFrameOf<"ChooseInline">): Promise<ChatCommand>;
}

export function openInlineMode(parts: {
  readonly store: Store;
  readonly gateway: Pick<CommandGateway, "submit">;
  readonly waits: Pick<BotWaits, "press" | "unpress">;
  /** Files that stand behind URLs. */
  readonly fetched: FetchedFiles;
  readonly edge: string;
  readonly commandMs: number;
}): InlineMode {
  const { store, waits, commandMs } = parts;

  /** Resolves when the bot has answered, or its time is over. */
  const answerOf = async (
    connection: Connection,
    { uuid, query, offset = "" }: ClientFrameOf<"InlineQuery">,
    botId: UserId,
  ): Promise<InlineOffer | null> => {
    const { userId } = connection.session;
    const queryId = randomInt(1, queryIdMax);
    let settle = (): void => {};
    const told = new Promise<void>((resolve) => {
      settle = resolve;
    });
    // Before it is asked: the bot may be quicker than the word of the commit.
    const heard = (): void => settle();
    if (!waits.press(queryId, commandMs + inlineAnswerMs, heard)) {
      throw new Fault("overloaded", "too many wait for answers of bots", { retryMs: 1_000 });
    }
    try {
      const command = { kind: "inline", query, offset, queryId, edge: parts.edge } as const;
      const reply: Reply = await parts.gateway.submit(
        addressedBy(connection, { actor: { kind: "bot", id: botId }, uuid, command }),
        { timeoutMs: commandMs },
      );
      if (reply.kind === "refused") {
        throw faultOfInfo(reply.fault);
      }
      if (reply.outcome.kind !== "pressed") throw new Fault("conflict", "the uuid names another command");
      // The repeat of a question has the answer to the first.
      if (reply.outcome.queryId !== queryId)
        return await readInlineOffer(store, reply.outcome.queryId, userId);
      const timer = setTimeout(settle, inlineAnswerMs);
      await told;
      clearTimeout(timer);
      return await readInlineOffer(store, queryId, userId);
    } finally {
      waits.unpress(queryId, heard);
    }
  };

  return {
    async ask(connection, frame) {
      const { userId } = connection.session;
      const { uuid, query, offset = "" } = frame;
      const botId = await findNativeBot(store, frame.bot.replace(/^@/, ""));
      if (botId === null) throw new Fault("not_found", "there is no such bot");
      const offer =
        (await findInlineOffer(store, { botId, userId, query, offset }, Date.now())) ??
        (await answerOf(connection, frame, botId));
      if (offer === null)
        throw new Fault("unavailable", "BOT_RESPONSE_TIMEOUT: the bot did not answer in time");
      const { queryId, results, nextOffset } = offer;
      connection.send({
        type: "InlineResults",
        uuid,
        queryId,
        results: results.map(shown),
        ...(nextOffset === "" ? {} : { nextOffset }),
      });
    },
    async choose(userId, { queryId, resultId, replyTo }) {
      const offer = await readInlineOffer(store, queryId, userId);
      const result = offer?.results.find(({ id }) => id === resultId);
      if (offer === null || result === undefined) throw new Fault("not_found", "there is no such result");
      const { botId, query } = offer;
      const { url, attachment, ...message } = result.message;
      const file = url === undefined ? undefined : await parts.fetched.keep(url, message.messageKind, botId);
      const attachments = [attachment, file?.attachment].filter((each) => each !== undefined);
      const extra = { ...message.extra, ...file?.extra };
      return {
        kind: "send",
        ...message,
        ...(attachments.length === 0 ? {} : { attachments }),
        ...(Object.keys(extra).length === 0 ? {} : { extra }),
        ...(replyTo === undefined ? {} : { replyTo }),
        via: { botId, resultId, query },
      };
    },
  };
}

/** Without what is sent when it is chosen. */
function shown(result: InlineResult): Omit<InlineResult, "message"> {
  const { message: _message, ...told } = result;
  return told;
}

/** Buttons of bots of our own: the press is committed, the bot is told, and what it says goes to the socket that pressed. */
import { randomInt } from "node:crypto";
import {
  type CallbackReply,
  type ClientFrameOf,
  Fault,
  faultInfo,
  faultOfInfo,
  type Reply,
} from "@rookery/protocol";
import { type Store, waitForCallback } from "@rookery/store";
import type { CommandGateway } from "@rookery/gateway";
import type { BotWaits, Heard } from "../bot-api/bot-waits.ts";
import type { FaultOf } from "../outage.ts";
import { addressedBy } from "./command.ts";
import type { Connection } from "./connection.ts";

type Callback = ClientFrameOf<"Callback">;

/** What a client waits for; the bot may answer later, but to nobody. */
export const pressMs = 15_000;
/** What `randomInt` takes. */
const queryIdMax = 2 ** 48;

export function openPresses(parts: {
  readonly store: Store;
  readonly gateway: Pick<CommandGateway, "ask">;
  readonly waits: Pick<BotWaits, "press" | "unpress">;
  readonly edge: string;
  readonly commandMs: number;
  readonly faultOf: FaultOf;
}) {
  const { waits } = parts;

  /** Waits for the answer to an earlier press of the same name, which may have been answered already. */
  const follow = async (queryId: number, settle: Heard): Promise<void> => {
    if (!waits.press(queryId, pressMs, settle)) return settle(null);
    const answer = await waitForCallback(parts.store, queryId, parts.edge);
    if (answer === null) return;
    waits.unpress(queryId, settle);
    settle({ queryId, ...answer });
  };

  /** `ended` is called once, when nothing more is said. */
  return (connection: Connection, frame: Callback, ended: () => void): void => {
    const { uuid, chatId, seq, data } = frame;
    const { connId } = connection.session;
    const queryId = randomInt(1, queryIdMax);
    let isOver = false;
    const settle = (reply: CallbackReply | null): void => {
      if (isOver) return;
      isOver = true;
      ended();
      const { queryId: _, ...said } = reply ?? {};
      connection.send({ type: "CallbackAnswer", uuid, ...said });
    };
    const refuse = (fault: Fault): void => {
      if (isOver) return;
      isOver = true;
      waits.unpress(queryId, settle);
      ended();
      connection.refuse(faultInfo(fault), uuid);
    };
    // Before it is asked: the bot may be quicker than the word of the commit.
    if (!waits.press(queryId, parts.commandMs + pressMs, settle)) {
      return refuse(new Fault("overloaded", "too many buttons wait for an answer", { retryMs: 1_000 }));
    }
    const reply = (told: Reply): void => {
      if (told.kind === "refused") {
        return refuse(faultOfInfo(told.fault));
      }
      if (told.outcome.kind !== "pressed") {
        return refuse(new Fault("conflict", "the uuid names another command"));
      }
      if (isOver) return;
      const { queryId: known } = told.outcome;
      waits.unpress(queryId, settle);
      if (known === queryId) {
        if (!waits.press(queryId, pressMs, settle)) settle(null);
        return;
      }
      follow(known, settle).catch((error: unknown) => {
        refuse(parts.faultOf(error, "the answer to a press met a bug", { connId }));
      });
    };
    parts.gateway.ask(
      addressedBy(connection, {
        actor: { kind: "chat", id: chatId },
        uuid,
        command: { kind: "press", seq, data, queryId, edge: parts.edge },
      }),
      parts.commandMs,
      reply,
    );
  };
}

import type { SecretBox } from "@rookery/auth";
import type { Limits } from "@rookery/cache";
import type { ChatId, ServerFrameOf, UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { AddressRules } from "@rookery/webhook";
import type { Files } from "../file/files.ts";
import type { CommandPort } from "../http/context.ts";
import type { FaultOf } from "../outage.ts";
import type { RateLimits } from "../rate-limits.ts";
import type { BotWaits } from "./bot-waits.ts";
import type { FetchFile } from "./fetch-file.ts";
import type { Reading } from "./reading.ts";

/** What methods need of the process they run in. */
export interface BotApiContext {
  readonly store: Store;
  /** What almost every call asks of it. */
  readonly reading: Reading;
  readonly commands: CommandPort;
  readonly commandTimeoutMs: number;
  /** Where people find this cluster. */
  readonly publicUrl: string;
  readonly limits: Limits;
  readonly rateLimits: RateLimits;
  readonly secrets: SecretBox;
  readonly files: Files;
  /** Where bots may have us post. */
  readonly addresses: AddressRules;
  readonly fetchFile: FetchFile;
  /** For updates, and for whoever waits for an answer to a button. */
  readonly waits: BotWaits;
  /** Tells a chat's sockets that the bot is typing. */
  readonly showTyping: (chatId: ChatId, userId: UserId) => void;
  /** Tells them what the bot is about to say. */
  readonly showDraft: (frame: ServerFrameOf<"Draft">) => void;
  readonly now: () => number;
  readonly faultOf: FaultOf;
  readonly log: Log;
}

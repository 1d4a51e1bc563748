/** The whole: a world, the doors to it, and what its bots are told. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { openPollDesk } from "./bot/poll.ts";
import { openRateLimiter, type RateLimits, telegramLimits } from "./bot/rate-limit.ts";
import type { Update } from "./bot/update-queue.ts";
import { type Delivery, openWebhook, type Webhook } from "./bot/webhook.ts";
import { openControl } from "./control/control.ts";
import { type FaultPlan, openFaultPlan } from "./fault/fault-plan.ts";
import { openBotApi } from "./http/bot-api.ts";
import { openServer } from "./http/server.ts";
import { type Journal, openJournal } from "./journal/journal.ts";
import type { WebhookDesk } from "./method/method.ts";
import { seededRandom } from "./random.ts";
import type { Bot, BotProfile } from "./world/bot.ts";
import type { Chat, MemberStatus } from "./world/chat.ts";
import { fillChat, migrate, setMember } from "./world/group.ts";
import type { UserJson } from "./world/message.ts";
import { openPerson, type Person } from "./world/person.ts";
import { type ChatProfile, openWorld, type UserProfile, type World } from "./world/world.ts";

export interface SimulatorOptions {
  /** 0 for a free one. */
  readonly port?: number;
  readonly host?: string;
  /**
   * What Telegram's own waits are multiplied by: retries of webhooks, the wait for their answers, late conflicts. Rate limits,
   * `retry_after`, long polls and the lives of updates stay in real time, for bots are told those.
   */
  readonly timeScale?: number;
  /** Null for none. */
  readonly limits?: RateLimits | null;
  /** Of faults by chance and of retry times. */
  readonly seed?: number;
  /** Where the ids of updates and messages begin. */
  readonly firstId?: number;
  readonly now?: () => number;
}

export interface ChatSetting extends ChatProfile {
  /** The first one made the chat. */
  readonly people?: readonly Person[];
  readonly bots?: readonly Bot[];
  /** Administrators see all messages; bots of a channel have to be. */
  readonly botStatus?: MemberStatus;
}

export interface Simulator {
  /** What a bot takes for `https://api.telegram.org`. */
  readonly url: string;
  readonly controlUrl: string;
  readonly world: World;
  readonly journal: Journal;
  readonly faults: FaultPlan;
  /** Every post of an update to a webhook, in order. */
  readonly deliveries: readonly Delivery[];
  addBot(profile: BotProfile): Bot;
  addUser(profile: UserProfile): Person;
  addChat(setting: ChatSetting): Chat;
  person(user: UserJson): Person;
  setStatus(chat: Chat, subject: UserJson, status: MemberStatus, actor: UserJson): void;
  migrate(group: Chat): Chat;
  /** Posts again what the webhook has taken already; the newest `count`, oldest first. @returns how many */
  resend(bot: Bot, count: number): number;
  close(): Promise<void>;
}

const deliveriesMax = 1_000_000;
/** Updates of a bot that can be sent again. */
const deliveredMax = 1_000;

/** Resolves when it listens. */
export async function startTelegramSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = "127.0.0.1", timeScale = 1, seed = 1, firstId = 1_000, now = Date.now } = options;
  const limits = options.limits === undefined ? telegramLimits : options.limits;
  const journal = openJournal();
  const faults = openFaultPlan(seed);
  const random = seededRandom(seed);
  const polls = openPollDesk({ now, timeScale });
  const senders = new Map<number, Webhook>();
  const deliveries: Delivery[] = [];
  const delivered = new Map<number, Update[]>();

  const world = openWorld({
    now,
    journal,
    firstId,
    onUpdate(bot, update) {
      senders.get(bot.id)?.enter(update);
      polls.wake(bot);
    },
  });

  function remember(bot: Bot, update: Update): void {
    const list = delivered.get(bot.id) ?? [];
    delivered.set(bot.id, list);
    list.push(update);
    if (list.length > deliveredMax) list.shift();
  }

  const webhooks: WebhookDesk = {
    set(bot, setting) {
      senders.get(bot.id)?.close();
      bot.webhook = setting;
      bot.lastError = null;
      const sender = openWebhook({
        bot,
        setting,
        timeScale,
        now,
        random,
        faultsOf: (update) => {
          remember(bot, update);
          return faults.ofDelivery({ botId: bot.id, chatId: chatIdOf(update) });
        },
        onAnswer: (answer) => api.answerOfWebhook(bot, answer),
        onDelivery(delivery) {
          if (deliveries.push(delivery) > deliveriesMax) deliveries.splice(0, deliveriesMax >> 1);
        },
      });
      senders.set(bot.id, sender);
      for (const update of bot.updates.list(now())) sender.enter(update);
    },
    delete(bot) {
      senders.get(bot.id)?.close();
      senders.delete(bot.id);
      bot.webhook = null;
      bot.lastError = null;
    },
  };

  const limiter = limits === null ? null : openRateLimiter(limits);
  const api = openBotApi({ world, polls, webhooks, limiter, faults });
  const simulator: Omit<Simulator, "url" | "controlUrl" | "close"> = {
    world,
    journal,
    faults,
    deliveries,
    addBot: (profile) => world.addBot(profile),
    addUser: (profile) => openPerson(world, world.addUser(profile)),
    addChat(setting) {
      const chat = world.addChat(setting);
      const people = (setting.people ?? []).map(({ user }) => user);
      const botStatus = setting.botStatus ?? (setting.type === "channel" ? "administrator" : "member");
      fillChat(world, chat, { people, bots: setting.bots ?? [], botStatus });
      return chat;
    },
    person: (user) => openPerson(world, user),
    setStatus: (chat, subject, status, actor) => setMember(world, chat, { actor, subject, status }),
    migrate: (group) => migrate(world, group),
    resend(bot, count) {
      const list = (delivered.get(bot.id) ?? []).slice(-count);
      for (const update of list) senders.get(bot.id)?.resend(update);
      return list.length;
    },
  };

  const server: Server = openServer({ api, control: openControl(simulator) });
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    ...simulator,
    url,
    controlUrl: `${url}/control`,
    async close() {
      for (const sender of senders.values()) sender.close();
      polls.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function chatIdOf({ line }: Update): number | undefined {
  return line.startsWith("chat ") ? Number(line.slice("chat ".length)) : undefined;
}

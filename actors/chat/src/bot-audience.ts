import type { MemberTrait, Message, Standing, UserId } from "@rookery/protocol";
import type { NativeBotFact } from "@rookery/store";
import type { ChatFacts } from "./facts.ts";
import { readsAs } from "./permission.ts";
import type { ChatState } from "./state.ts";

/** Which bots are in the chat while its events are gone through. */
export class Audience {
  readonly #state: ChatState;
  readonly #bots = new Map<UserId, NativeBotFact>();
  /** Of those whose coming or going was told of: what they are by now. */
  readonly #moved = new Map<UserId, Standing>();
  readonly #before: ChatState;

  constructor(before: ChatState | null, state: ChatState, { nativeBots }: ChatFacts) {
    this.#state = state;
    this.#before = before ?? state;
    if (nativeBots.size === 0) return;
    for (const { members } of new Set([this.#before, state])) {
      // Whichever are fewer.
      const ids = members.size < nativeBots.size ? members.keys() : nativeBots.keys();
      for (const id of ids) {
        const bot = nativeBots.get(id);
        if (bot !== undefined && members.has(id)) this.#bots.set(id, bot);
      }
    }
  }

  get size(): number {
    return this.#bots.size;
  }

  standingOf(userId: UserId): Standing {
    return this.#moved.get(userId) ?? this.#before.members.get(userId)?.role ?? "left";
  }

  /** What was so of them before. */
  traitBefore(userId: UserId): MemberTrait | undefined {
    return this.#before.settings.traits.get(userId);
  }

  move(userId: UserId, standing: Standing): void {
    this.#moved.set(userId, standing);
  }

  presentBot(id: UserId): NativeBotFact | undefined {
    const standing = this.standingOf(id);
    if (standing === "left" || standing === "removed") return undefined;
    return this.#bots.get(id);
  }

  *present(): Generator<{ readonly bot: NativeBotFact; readonly role: Standing }> {
    for (const [id, bot] of this.#bots) {
      // What reading is allowed now is what counts: an entry that forbids it is obeyed at once.
      if (this.presentBot(id) === undefined || !this.#mayRead(id)) continue;
      yield { bot, role: this.standingOf(id) };
    }
  }

  /** Whether the message is one that this bot is to see. */
  hears(bot: NativeBotFact, role: Standing, message: Message, reply: Message | undefined): boolean {
    if (this.#state.type !== "group" || !bot.privacyMode || leads(role)) return true;
    if (message.kind === "service" || reply?.senderId === bot.id) return true;
    return isMeantFor(bot, message);
  }

  #mayRead(id: UserId): boolean {
    return !this.#state.members.has(id) || readsAs(this.#state, id);
  }
}

/** A command that is not another bot's, or a mention of this one. */
function isMeantFor({ id, username }: NativeBotFact, { body, entities }: Message): boolean {
  const command = /^\/[A-Za-z0-9_]{1,64}(?:@([A-Za-z0-9_]{3,32}))?(?![A-Za-z0-9_@])/.exec(body);
  if (command !== null && (command[1] === undefined || isSame(command[1], username))) return true;
  if (entities.some(({ userId }) => userId === id)) return true;
  for (const [, name = ""] of body.matchAll(/(?<![A-Za-z0-9_])@([A-Za-z0-9_]{3,32})(?![A-Za-z0-9_])/g)) {
    if (isSame(name, username)) return true;
  }
  return false;
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

export function leads(role: Standing): boolean {
  return role === "owner" || role === "admin";
}

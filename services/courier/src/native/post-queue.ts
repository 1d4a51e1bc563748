/**
 * What is to be posted to one bot, and what of it may go now: a line for each chat, and for each person's presses; only the first
 * of a line is under way, lines beside each other. Holds no timer.
 */

/** First again at once, then after 2, 4, 8 s …, at last 60 to 120 s by chance (telegram-bot-api, WebhookActor.cpp). */
export function repostDelayMs(attempts: number, random: number): number {
  if (attempts <= 1) return 0;
  return Math.min(2 ** (attempts - 1) * 1_000, 60_000 + random * 60_000);
}

/** The longest that a bot may ask us to wait. */
export const patienceMsMax = 3_600_000;
/** Of one line in memory; what is beyond is read when its turn comes (L7). */
const lineMax = 20;
/** Lines in memory (L7). */
const linesMaxDefault = 5_000;

export interface Post {
  readonly updateId: number;
  readonly queue: string;
  readonly expiresMs: number;
  readonly body: string;
  attempts: number;
}

interface Line {
  readonly posts: Post[];
  /** There is more after the last of them. */
  more: boolean;
  dueMs: number;
  isUnderWay: boolean;
}

export class PostQueue {
  readonly #lines = new Map<string, Line>();
  readonly #linesMax: number;
  #underWay = 0;

  constructor(linesMax = linesMaxDefault) {
    this.#linesMax = linesMax;
  }

  /** False: there is no room for another line; nothing after it can be taken either. */
  add(post: Post): boolean {
    let line = this.#lines.get(post.queue);
    if (line === undefined) {
      if (this.#lines.size >= this.#linesMax) return false;
      this.#lines.set(post.queue, (line = { posts: [], more: false, dueMs: 0, isUnderWay: false }));
    }
    const last = line.posts.at(-1);
    if (last !== undefined && last.updateId >= post.updateId) return true;
    // What was left out comes first.
    if (line.more || line.posts.length >= lineMax) line.more = true;
    else line.posts.push(post);
    return true;
  }

  /** Those that may go now, at most `room`; each is under way from here on. What has had its time is dropped. */
  take(nowMs: number, room: number): Post[] {
    const taken: Post[] = [];
    for (const [name, line] of this.#lines) {
      if (taken.length >= room) break;
      if (line.isUnderWay) continue;
      while (line.posts[0] !== undefined && line.posts[0].expiresMs <= nowMs) {
        line.posts.shift();
        line.dueMs = 0;
      }
      const [first] = line.posts;
      if (first === undefined) {
        if (!line.more) this.#lines.delete(name);
        continue;
      }
      if (line.dueMs > nowMs) continue;
      line.isUnderWay = true;
      this.#underWay += 1;
      taken.push(first);
    }
    return taken;
  }

  /** The bot has it: the next of its line may go. */
  done(post: Post): void {
    const line = this.#end(post);
    if (line === undefined) return;
    line.posts.shift();
    line.dueMs = 0;
  }

  /** It is tried again, before anything else of its line. */
  again(post: Post, dueMs: number): void {
    const line = this.#end(post);
    if (line !== undefined) line.dueMs = dueMs;
  }

  /** Lines that are empty here and have more to be read, with the number it comes after. */
  starved(): readonly { readonly queue: string }[] {
    return [...this.#lines].flatMap(([queue, { posts, more }]) =>
      posts.length === 0 && more ? [{ queue }] : [],
    );
  }

  /** All there was of a line has been added. */
  filled(queue: string, more: boolean): void {
    const line = this.#lines.get(queue);
    if (line !== undefined) line.more = more;
  }

  /** When something may go, as far as it is known now; null: nothing waits for its time. */
  nextMs(): number | null {
    let next: number | null = null;
    for (const { isUnderWay, posts, dueMs } of this.#lines.values()) {
      if (!isUnderWay && posts.length > 0 && (next === null || dueMs < next)) next = dueMs;
    }
    return next;
  }

  get underWay(): number {
    return this.#underWay;
  }

  #end({ queue }: Post): Line | undefined {
    const line = this.#lines.get(queue);
    if (line === undefined || !line.isUnderWay) return undefined;
    line.isUnderWay = false;
    this.#underWay -= 1;
    return line;
  }
}

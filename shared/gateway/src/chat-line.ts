interface Waiting {
  readonly order: number;
  readonly run: () => Promise<void>;
}

/**
 * Lines of work, one a chat: work of one line runs one after the other, lines run beside each other.
 *
 * What enters a line in one turn of the event loop, or while the line is busy, is taken as one batch, sorted by
 * `order`; batches keep the order in which they came. How much may wait is bounded by who lets it in.
 */
export interface ChatLines {
  enter<T>(key: string, order: number, work: () => Promise<T>): Promise<T>;
}

export function openChatLines(): ChatLines {
  const lines = new Map<string, Waiting[]>();

  async function serve(key: string, line: Waiting[]): Promise<void> {
    while (line.length > 0) {
      const batch = line.splice(0).sort((a, b) => a.order - b.order);
      for (const each of batch) await each.run();
    }
    lines.delete(key);
  }

  return {
    enter: (key, order, work) =>
      new Promise((resolve, reject) => {
        const waiting: Waiting = { order, run: () => work().then(resolve, reject) };
        const line = lines.get(key);
        if (line !== undefined) {
          line.push(waiting);
          return;
        }
        const opened = [waiting];
        lines.set(key, opened);
        setImmediate(() => void serve(key, opened));
      }),
  };
}

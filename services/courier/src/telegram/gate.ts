/** Lets so many in at once; the others wait in the order they came. */
export interface Gate {
  enter(): Promise<void>;
  leave(): void;
}

export function openGate(max: number): Gate {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return {
    enter: () =>
      new Promise((resolve) => {
        if (inside >= max) {
          waiting.push(resolve);
          return;
        }
        inside += 1;
        resolve();
      }),
    leave() {
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    },
  };
}

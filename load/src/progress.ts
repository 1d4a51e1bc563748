export type Progress = (line: string, always?: boolean) => void;

const progressEveryMs = 1_000;

/** Lines on standard error; those that only count are thinned to one a second. */
export function createProgress(): Progress {
  let lastMs = -progressEveryMs;
  return (line, always = false) => {
    const nowMs = performance.now();
    if (!always && nowMs - lastMs < progressEveryMs) return;
    lastMs = nowMs;
    process.stderr.write(`${line}\n`);
  };
}

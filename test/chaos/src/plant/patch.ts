/** Changes to source text on its way into a process: how a bug is planted without a condition in production code. */

/** `find` MUST stand in the file exactly once, so that a refactoring makes the plant fail instead of pass. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Applies the edits of one file. @throws Error naming the file when a text is not there exactly once. */
export function patch(file: string, source: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { find, replace }) => {
    const matches = text.split(find).length - 1;
    if (matches !== 1) {
      throw new Error(`the plant's text stands ${matches} times in ${file}, not once: ${find}`);
    }
    // As a function, so that `$` means itself.
    return text.replace(find, () => replace);
  }, source);
}

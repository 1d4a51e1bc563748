export {
  type AskStep,
  type Branch,
  type Dialog,
  type DialogBook,
  type Option,
  type Step,
  type Texts,
  bookLimits,
  ownCommands,
} from "./book.ts";
export { bookCommands } from "./book-command.ts";
export { bookServices } from "./book-service.ts";
export { type BookCheck, checkBook } from "./check-book.ts";
export type { Issue } from "./reader.ts";
export { type WordName, wordOf } from "./words.ts";

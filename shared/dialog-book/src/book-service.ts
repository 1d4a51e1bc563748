import type { DialogBook } from "./book.ts";

/** The services a book speaks of, with the path where it does. */
export function bookServices(
  book: DialogBook,
): readonly { readonly path: string; readonly service: string }[] {
  return Object.entries(book.dialogs).flatMap(([name, { steps }]) =>
    steps.flatMap((step, index) => {
      const service = step.kind === "submit" || step.kind === "choice" ? step.service : null;
      return service === null ? [] : [{ path: `dialogs.${name}.steps.${index}.service`, service }];
    }),
  );
}

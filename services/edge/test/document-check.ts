import { type AnswerCheck, openAnswerCheck } from "@rookery/kit";
import { documentOf } from "../src/http/api-document.ts";
import type { EdgeApp } from "../src/http/context.ts";

/** Made of the app that was opened first: all have the same routes. */
let check: AnswerCheck | undefined;

/** Makes the check ready, which takes a moment that tests of time have not. */
export function openDocumentCheck(app: EdgeApp): AnswerCheck {
  check ??= openAnswerCheck(documentOf(app, { version: "0.0.0", publicUrl: "http://127.0.0.1:8080" }));
  return check;
}

/** Fails the test that got an answer the document does not tell of. */
export async function checkAnswer(
  app: EdgeApp,
  asked: { readonly method: string; readonly path: string },
  response: Response,
): Promise<void> {
  const { status } = response;
  const contentType = response.headers.get("content-type");
  const text = await response.clone().text();
  const complaint = openDocumentCheck(app)({ ...asked, status, contentType, text });
  if (complaint !== null) throw new Error(complaint);
}

import { z } from "@hono/zod-openapi";
import { displayNameRefusal, emailRefusal, passwordRefusal, usernameRefusal } from "@rookery/auth";
import { text } from "../http/validation.ts";

/** What an account may be called and proved by from now on. */
export const emailSchema = schemaOf(emailRefusal);
export const usernameSchema = schemaOf(usernameRefusal);
export const displayNameSchema = schemaOf(displayNameRefusal);
export const passwordSchema = schemaOf(passwordRefusal);

/** What is only compared with those: any short text, wrong by answer and not by form. */
export const claimedSchema = text({ bytesMax: 1_024 });

function schemaOf(refusalOf: (text: string) => string | undefined) {
  return z.string().superRefine((value, check) => {
    const message = refusalOf(value);
    if (message !== undefined) check.addIssue({ code: "custom", message });
  });
}

import { z } from "@hono/zod-openapi";
import {
  displayNameRefusal,
  emailRefusal,
  languageRefusal,
  passwordRefusal,
  specialisationRefusal,
  usernameRefusal,
} from "@rookery/auth";
import { text } from "../http/validation.ts";

/** What an account may be called and proved by from now on. */
export const emailSchema = schemaOf(emailRefusal).openapi({ maxLength: 254, example: "ann@example.org" });
export const usernameSchema = schemaOf(usernameRefusal).openapi({
  maxLength: 64,
  description: "Letters and digits of any script, and _ . - inside",
  example: "ann",
});
export const displayNameSchema = schemaOf(displayNameRefusal).openapi({ maxLength: 256, example: "Ann" });
export const languageSchema = schemaOf(languageRefusal).openapi({ maxLength: 35, example: "pt-BR" });
export const specialisationSchema = schemaOf(specialisationRefusal).openapi({
  maxLength: 128,
  example: "billing",
});
export const passwordSchema = schemaOf(passwordRefusal).openapi({
  description: "8 to 72 bytes of UTF-8",
  maxLength: 72,
  example: "correct horse battery staple",
});

/** What is only compared with those: any short text, wrong by answer and not by form. */
export const claimedSchema = text({ bytesMax: 1_024 });

function schemaOf(refusalOf: (text: string) => string | undefined) {
  return z.string().superRefine((value, check) => {
    const message = refusalOf(value);
    if (message !== undefined) check.addIssue({ code: "custom", message });
  });
}

import { Fault } from "@rookery/protocol";
import { isUniqueViolation } from "../../pool.ts";

/** What to throw when writing an account failed: a fault when a name is taken, else the error itself. */
export function userConflict(error: unknown): unknown {
  if (isUniqueViolation(error, "users_email_key_key")) return new Fault("email_taken");
  if (isUniqueViolation(error, "users_username_key_key")) return new Fault("username_taken");
  return error;
}

import { Fault, type UserId } from "@rookery/protocol";
import { ConfigError } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import { demandUser } from "./user.ts";

/** The account that an operator means by `--user`. @throws ConfigError when it is nobody's. */
export async function findAccount(
  store: Store,
  text: string | undefined,
): Promise<{ readonly id: UserId; readonly name: string }> {
  if (text === undefined || text === "") throw new ConfigError("whose? Give --user <id, username or email>");
  const { id, username, email, displayName } = await demandUser(store, text);
  return { id, name: username ?? email ?? displayName };
}

/** Runs `work`; what a client would be told, an operator is told too: in one line. */
export async function inOneLine<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault) throw new ConfigError(error.message, { cause: error });
    throw error;
  }
}

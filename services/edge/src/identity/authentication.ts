import type { Principal, Tokens } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import type { KeyRing } from "./key-ring.ts";

/** Who is asking, by whatever they show: the same for REST, for sockets and for `Auth` frames. */
export interface Authentication {
  /**
   * The principal of an access token or API key.
   * @throws Fault `unauthorized`, in words that tell an expired token (refresh) from one that is bad or of an ended session (log in);
   * `rate_limited` and `overloaded` as keys are proven.
   */
  prove(credential: string, address: string): Promise<Principal>;
}

/** No access token begins so: JWTs begin with a JSON object in base64. */
const keyStart = "rk_";

export function openAuthentication(parts: {
  readonly tokens: Pick<Tokens, "verify">;
  readonly keys: Pick<KeyRing, "prove">;
  readonly now: () => number;
}): Authentication {
  const { tokens, keys, now } = parts;
  return {
    async prove(credential, address) {
      if (credential.startsWith(keyStart)) {
        const principal = await keys.prove(credential, address);
        if (principal === null) throw new Fault("unauthorized", "the API key is not valid");
        return principal;
      }
      const verdict = await tokens.verify(credential, now());
      if (verdict.kind === "expired") throw new Fault("unauthorized", "the access token has expired");
      if (verdict.kind === "ended") throw new Fault("unauthorized", "the session has ended; log in again");
      if (verdict.kind === "bad") throw new Fault("unauthorized", "the access token is not valid");
      return verdict.principal;
    },
  };
}

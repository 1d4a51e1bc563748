import { openApiKeys, type Tokens } from "@rookery/auth";
import type { Limits } from "@rookery/cache";
import type { Log } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { EdgeContext } from "../../src/http/context.ts";
import { openAccess } from "../../src/identity/access.ts";
import { openAuthentication } from "../../src/identity/authentication.ts";
import { openKeyRing } from "../../src/identity/key-ring.ts";

/** The parts of an edge that know who is asking, as `edge.ts` puts them together, without Redis. */
export function openTestIdentity(parts: {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly limits?: Limits;
  readonly now: () => number;
  readonly log: Log;
}): Pick<EdgeContext, "apiKeys" | "authentication" | "access" | "revocations"> {
  const { store, tokens, now, log } = parts;
  const limits = parts.limits ?? {
    take: async () => ({ allowed: true, retryMs: 0, counted: [] }),
  };
  const apiKeys = openApiKeys();
  const keys = openKeyRing({ store, apiKeys, limits, now, log });
  const entries = {
    read: async (keys: readonly string[]) => keys.map(() => undefined),
    write: async () => {},
  };
  const access = openAccess({ store, entries, now });
  return {
    apiKeys,
    authentication: openAuthentication({ tokens, keys, now }),
    access,
    revocations: {
      announce: ({ keyIds = [], accessVersion = 0 }) => {
        keys.forget(keyIds);
        access.learn(accessVersion);
      },
    },
  };
}

/** What open sockets may do, looked up again when roles or what they permit have changed. */
import { decideAccess } from "@rookery/auth";
import { closeCodes } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { Access } from "../identity/access.ts";
import type { Connection } from "./connection.ts";

const retryMs = 1_000;

export interface Rights {
  /** Looks the rights of all sockets up again; a call during that is answered by one more look. */
  refresh(): void;
  close(): void;
}

export function openRights(parts: {
  readonly access: Pick<Access, "grantsOfAll">;
  readonly connections: () => ReadonlySet<Connection>;
  readonly log: Log;
}): Rights {
  const { access, connections, log } = parts;
  let wanted = false;
  let looking = false;
  let closed = false;

  const look = async (): Promise<void> => {
    while (wanted && !closed) {
      wanted = false;
      try {
        const userIds = new Set([...connections()].map(({ session }) => session.userId));
        const grants = await access.grantsOfAll([...userIds]);
        for (const connection of connections()) {
          const { principal, userId } = connection.session;
          // Whoever came meanwhile was judged by what is newer.
          if (!userIds.has(userId)) continue;
          const given = grants.get(userId);
          const may = (permission: string): boolean =>
            given !== undefined && decideAccess(principal, given, permission) === "allowed";
          connection.session.mayWrite = may("messages:write");
          if (!may("messages:read")) connection.end(closeCodes.forbidden, "may no longer read messages");
        }
      } catch (error) {
        log.warn({ err: String(error) }, "rights cannot be read now");
        wanted = true;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };

  return {
    refresh() {
      wanted = true;
      if (looking) return;
      looking = true;
      void look().finally(() => {
        looking = false;
      });
    },
    close() {
      closed = true;
    },
  };
}

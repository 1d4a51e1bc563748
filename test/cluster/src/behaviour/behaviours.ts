import { change } from "./change.ts";
import { content } from "./content.ts";
import { group } from "./group.ts";
import { limit } from "./limit.ts";
import { member } from "./member.ts";
import { opening } from "./opening.ts";
import { receipt } from "./receipt.ts";
import type { Behaviours } from "./stage.ts";
import { sync } from "./sync.ts";
import { talk } from "./talk.ts";

/** The one list of what a socket may rely on; each subject with its sentences. */
export const behaviours: Readonly<Record<string, Behaviours>> = {
  opening,
  talk,
  content,
  change,
  group,
  member,
  Sync: sync,
  receipt,
  limit,
};

/** What a bot calls a file: no other bot's, good for ever, and nobody makes one up. Pure. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Attachment, UserId } from "@rookery/protocol";
import type { FileName } from "./native-media.ts";

export interface FileNames {
  nameFor(botId: UserId): (attachment: Pick<Attachment, "fileId">) => FileName;
  /** Our id of the file, or null where the name is none of this bot's. */
  fileOf(botId: UserId, name: string): string | null;
  /** Our id of the file that somebody brings under a key: always the same, and nobody else can tell it. */
  idFor(ownerId: UserId, key: string): string;
}

const idBytes = 16;
/** An id of ours, in base64url. */
const idPattern = /^[A-Za-z0-9_-]{22}$/;
const macChars = 16;
const prefix = "BQAC";

export function openFileNames(secret: string): FileNames {
  const digest = (purpose: string, text: string): Buffer =>
    createHmac("sha256", secret).update(`${purpose}:${text}`).digest();
  const mac = (purpose: string, text: string): string =>
    digest(purpose, text).toString("base64url").slice(0, macChars);
  const nameOf = (botId: UserId, fileId: string): string =>
    `${prefix}${fileId}${mac("file", `${botId}:${fileId}`)}`;
  return {
    nameFor:
      (botId) =>
      ({ fileId }) => ({
        // What was never kept here (a reference of somebody's own) has no name a bot could use.
        file_id: idPattern.test(fileId) ? nameOf(botId, fileId) : `${prefix}${mac("foreign", fileId)}`,
        file_unique_id: `AgAD${mac("unique", fileId).slice(0, 11)}`,
      }),
    idFor: (ownerId, key) => digest("id", `${ownerId}:${key}`).subarray(0, idBytes).toString("base64url"),
    fileOf(botId, name) {
      const fileId = name.slice(prefix.length, prefix.length + 22);
      if (!idPattern.test(fileId)) return null;
      const [told, right] = [Buffer.from(name), Buffer.from(nameOf(botId, fileId))];
      return told.length === right.length && timingSafeEqual(told, right) ? fileId : null;
    },
  };
}

import type { Attachment, BotUpdate, UserId } from "@rookery/protocol";
import { readFileSides, type Store } from "@rookery/store";
import { type FileNames, picturesOfUpdate, type ShownFile } from "@rookery/telegram";

/** The files updates speak of: what one bot calls them, and the sides of those that people have sent. */
export interface ShownFiles {
  read(
    updates: Iterable<Pick<BotUpdate, "payload">>,
  ): Promise<(botId: UserId) => (file: Attachment) => ShownFile>;
}

export function openShownFiles(store: Store, names: Pick<FileNames, "nameFor">): ShownFiles {
  return {
    async read(updates) {
      const ids = [...updates].flatMap(picturesOfUpdate);
      const sides = ids.length === 0 ? new Map() : await readFileSides(store, ids);
      return (botId) => {
        const nameOf = names.nameFor(botId);
        return (file) => ({ ...nameOf(file), sides: sides.get(file.fileId) });
      };
    },
  };
}

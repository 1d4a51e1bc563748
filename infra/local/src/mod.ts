export { type FolderLock, lockFolder } from "./folder-lock.ts";
export { type Keeper, type KeeperOptions, keep, type Program } from "./keeper.ts";
export type { PartName } from "./part.ts";
export { type Parts, type PartsOptions, startParts } from "./parts.ts";
export { findFreePort, whyPortTaken } from "./port.ts";
export { type PrivateUrls, readPrivateUrls } from "./private-urls.ts";
export { isAlive, type ProcessIdentity, readProcess, signalQuietly } from "./process-table.ts";
export { readOrMake } from "./secret-file.ts";
export { type Command, readTether, type Tether, tie } from "./tether.ts";

export { type MigrationStatus, migrateDown, migrateUp, migrationStatus } from "./migrate.ts";
export {
  inTransaction,
  isRefusal,
  isUniqueViolation,
  openStore,
  type Queryable,
  type Store,
  type StoreOptions,
} from "./pool.ts";
export { commit, type Fence, type ShardRows } from "./commit.ts";
export {
  type BotMode,
  type BotRow,
  botSecretOwner,
  type SealedColumns,
  type WebhookStatus,
} from "./query/bot/bot.ts";
export { deleteBot } from "./query/bot/delete-bot.ts";
export { insertBot, type NewBot } from "./query/bot/insert-bot.ts";
export { listBots, readBot, readBotByRequest } from "./query/bot/read-bot.ts";
export { ensureTelegramUser, type TelegramProfile } from "./query/bot/telegram-user.ts";
export { updateBot } from "./query/bot/update-bot.ts";
export { readWebhookDoor, type WebhookDoor } from "./query/bot/webhook-door.ts";
export {
  dueWebhookWork,
  finishWebhookWork,
  reopenMovedWebhooks,
  type WebhookResult,
  type WebhookWork,
} from "./query/bot/webhook-work.ts";
export { loadChats, loadUserFeeds, recallChatCommands } from "./query/chat/actor.ts";
export {
  type FeedChange,
  readChanges,
  readFeed,
  readFeedHeads,
} from "./query/chat/change.ts";
export {
  type ChatKey,
  chatRevsOf,
  directKey,
  listChats,
  readChat,
  readHeads,
  reserveChat,
} from "./query/chat/chat.ts";
export { listMembers, type Member, memberHeads, readJoinedSeq, readMember } from "./query/chat/member.ts";
export {
  type MessageDetail,
  readMessage,
  readMessages,
  readMessagesAt,
  readMessagesBefore,
  type StoredMessage,
  toMessage,
} from "./query/chat/message.ts";
export { accountKey } from "./query/identity/account-key.ts";
export { advanceSession } from "./query/identity/advance-session.ts";
export { endSession, endSessions } from "./query/identity/end-session.ts";
export { insertSession, type NewSession } from "./query/identity/insert-session.ts";
export { insertUser, type NewUser } from "./query/identity/insert-user.ts";
export { knownUserIds } from "./query/identity/known-user.ts";
export { listSessions } from "./query/identity/list-session.ts";
export { lockSession } from "./query/identity/lock-session.ts";
export { type Credential, type Login, readCredential } from "./query/identity/read-credential.ts";
export { lockUser, readUser } from "./query/identity/read-user.ts";
export { searchUsers } from "./query/identity/search-user.ts";
export type { SessionEnd, SessionId, SessionOfToken, SessionRow } from "./query/identity/session.ts";
export { setPassword } from "./query/identity/set-password.ts";
export { readUserByTelegramId } from "./query/identity/telegram-account.ts";
export { updateUser } from "./query/identity/update-user.ts";
export type { UserRole, UserRow } from "./query/identity/user.ts";
export { listRelays } from "./query/relay/relay.ts";
export {
  countDeadLetters,
  type DeadLetter,
  findDeadLettersAt,
  listDeadLetters,
  markRetried,
  readDeadLetters,
} from "./query/shard/dead-letter.ts";
export {
  adoptLog,
  claimShards,
  ensureCluster,
  listShards,
  markSuspect,
  type Ownership,
  releaseShards,
  type ShardKind,
  type Suspect,
} from "./query/shard/ownership.ts";
export type {
  ChangeRow,
  ChatRow,
  DeadLetterRow,
  MemberRow,
  MessageRow,
  OutcomeRow,
  RelayRow,
  Row,
  UserChangeRow,
  UserFeedRow,
} from "./table.ts";

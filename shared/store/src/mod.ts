export { type MigrationStatus, migrateDown, migrateUp, migrationStatus } from "./migrate.ts";
export {
  endStore,
  inTransaction,
  isOutage,
  isRefusal,
  isUniqueViolation,
  openStore,
  type Queryable,
  type Store,
  type StoreOptions,
} from "./pool.ts";
export { type BackupCounts, readBackup, writeBackup } from "./backup.ts";
export { observeStore } from "./store-metrics.ts";
export { openStoreProbe } from "./store-probe.ts";
export { commit, type CommandName, type Fence, type ShardRows } from "./commit.ts";
export { readFactVersion } from "./query/fact/fact-version.ts";
export {
  type AttemptRow,
  countDeliveries,
  type DeliveryPlace,
  type DeliveryRow,
  type DeliveryStatus,
  insertDelivery,
  listDeliveries,
  readAttempts,
  readDelivery,
  recoverDeliveries,
  replayDelivery,
} from "./query/webhook/delivery.ts";
export {
  countEndpoints,
  deleteEndpoint,
  enableEndpoint,
  type EndpointRow,
  type EndpointSettings,
  insertEndpoint,
  listEndpoints,
  readEndpoint,
  readEndpointByRequest,
  updateEndpoint,
} from "./query/webhook/endpoint.ts";
export {
  type EndpointSecretRow,
  webhookSecretOwner,
  expireEndpointSecrets,
  insertEndpointSecret,
  readEndpointSecrets,
  rekeyEndpoints,
  touchEndpoint,
} from "./query/webhook/endpoint-secret.ts";
export { readEndpointFacts } from "./query/webhook/endpoint-fact.ts";
export {
  type DeliveryResult,
  type EndpointNote,
  finishAttempts,
  type FinishedAttempts,
  type OperationalEvent,
} from "./query/webhook/attempt.ts";
export {
  buryDeliveries,
  countOpenDeliveries,
  openDeliveriesById,
  openDeliveriesInOrder,
  openDeliveriesOf,
  openDeliveriesOfLines,
  type OpenDelivery,
  readPayloads,
  sweepDeliveries,
  sweepEvents,
} from "./query/webhook/open-delivery.ts";
export {
  type CalledEndpoint,
  listCalledEndpoints,
  readFailingSince,
} from "./query/webhook/called-endpoint.ts";
export { audit, type AuditEvent, type AuditKind } from "./query/audit/audit.ts";
export { type AuditFilter, type AuditRow, followAudit, listAudit } from "./query/audit/list-audit.ts";
export { sweepAudit } from "./query/audit/sweep-audit.ts";
export type { ApiKeyRow } from "./query/access/api-key.ts";
export { endKeysOfUser } from "./query/access/end-user-key.ts";
export { endApiKey } from "./query/access/end-api-key.ts";
export { wasDeleted } from "./query/access/was-deleted.ts";
export { type GrantsOfUsers, listRoles, readGrants, setPermissions, setRole } from "./query/access/grant.ts";
export { insertApiKey, type NewApiKeyRow } from "./query/access/insert-api-key.ts";
export { knownKeyIds } from "./query/access/known-key.ts";
export { type ApiKeyProof, listApiKeys, readApiKey, readApiKeyProof } from "./query/access/read-api-key.ts";
export { readRevoked, type Revoked } from "./query/access/revoked.ts";
export { touchApiKeys } from "./query/access/touch-api-key.ts";
export {
  type BotMode,
  type BotRow,
  botSecretOwner,
  type SealedColumns,
  type WebhookStatus,
} from "./query/bot/bot.ts";
export { noteBotRequest } from "./query/bot/bot-request.ts";
export { type BotSettingKey, readBotSetting, writeBotSetting } from "./query/bot/bot-setting.ts";
export {
  type BotMember,
  type BotPlace,
  listBotAdministrators,
  pinnedSeqs,
  reactedSeqs,
  readBotMember,
  type Person,
  readBotPlaces,
  readPeopleById,
} from "./query/bot/native-place.ts";
export { keepBotAnswer, readBotAnswer } from "./query/bot/bot-answer.ts";
export {
  countFileBytes,
  type FileRow,
  insertFile,
  mayReadFile,
  readFileSecret,
  readFileSides,
  readFiles,
  type Sides,
} from "./query/file/file.ts";
export { readDialogs, writeDialogs } from "./query/bot/dialog.ts";
export { deleteBot } from "./query/bot/delete-bot.ts";
export { insertBot, type NewBot } from "./query/bot/insert-bot.ts";
export { moveTelegramChat } from "./query/telegram/move.ts";
export { type PollPlace, readPollPlace } from "./query/telegram/poll.ts";
export {
  listPolledBots,
  noteTelegramWord,
  type PolledBot,
  reopenWebhook,
  type TelegramWord,
} from "./query/bot/polled-bot.ts";
export { isLivingBot, listBots, readBot, readBotByRequest } from "./query/bot/read-bot.ts";
export {
  type BotProgram,
  type CommandWork,
  dueCommandWork,
  finishCommandWork,
  headersOwner,
  readProgram,
  readRoutedBots,
  retellCommands,
  type RoutedBot,
  writeRoutes,
  writeServices,
} from "./query/bot/program.ts";
export { readUsage, type UsageRow } from "./query/bot/usage.ts";
export { type BotVoucher, readBotVoucher } from "./query/bot/bot-voucher.ts";
export {
  linkTelegramAccount,
  readTelegramAccount,
  takeTelegramLogin,
} from "./query/identity/telegram-login.ts";
export {
  ensureTelegramUser,
  type TelegramProfile,
  type TelegramSighting,
} from "./query/bot/telegram-user.ts";
export {
  type BotMenuCommand,
  type BotMenuKey,
  readBotCommands,
  resolveBotCommands,
  writeBotCommands,
} from "./query/bot/bot-command.ts";
export {
  changeBotToken,
  insertNativeBot,
  type NativeBot,
  type NewNativeBot,
  readNativeBot,
  readNativeBotsByToken,
  readSealedToken,
  setPrivacyMode,
  shareChat,
} from "./query/bot/native-bot.ts";
export { type NativeBotFact, readNativeBotFacts } from "./query/bot/native-fact.ts";
export {
  type BotInShard,
  confirmUpdates,
  numberUpdates,
  readUpdates,
  type StoredUpdate,
  sweepUpdates,
  unnumberedBots,
  type UpdatesAsked,
  type UpdatesRead,
} from "./query/bot/native-update.ts";
export {
  type BotTaken,
  changeAllowedUpdates,
  type NativeWebhook,
  noteWebhookError,
  type PostedBot,
  postedBots,
  queuedUpdates,
  readNativeWebhook,
  readPostedBot,
  takeUpdates,
  writeNativeWebhook,
} from "./query/bot/native-webhook.ts";
export {
  answerCallback,
  readNativePeople,
  type CallbackAnswerRow,
  waitForCallback,
} from "./query/bot/native-callback.ts";
export { updateBot } from "./query/bot/update-bot.ts";
export { readWebhookDoor, type WebhookDoor } from "./query/bot/webhook-door.ts";
export {
  dueWebhookWork,
  finishWebhookWork,
  reopenMovedWebhooks,
  type WebhookResult,
  type WebhookWork,
} from "./query/bot/webhook-work.ts";
export {
  type BroadcastRow,
  listBroadcasts,
  listLostTargets,
  type LostTarget,
  readBroadcast,
  readBroadcastByRequest,
  steerBroadcast,
} from "./query/broadcast/broadcast.ts";
export {
  countFed,
  feedTargets,
  finishBroadcasts,
  type OpenBroadcast,
  openBroadcasts,
  settleTargets,
  waitingTargets,
} from "./query/broadcast/feed.ts";
export {
  type Audience,
  chatsOfBot,
  insertAudience,
  insertBroadcast,
  insertTargets,
  startBroadcast,
} from "./query/broadcast/insert-broadcast.ts";
export { type AclItem, listAcl, readAcl, type Reader, readRights } from "./query/chat/acl.ts";
export {
  answerInline,
  findInlineOffer,
  findNativeBot,
  type InlineOffer,
  readInlineOffer,
} from "./query/bot/native-inline.ts";
export {
  type ChatSettings,
  type LinkedChat,
  nothingSet,
  readLinkedChat,
  readSettings,
} from "./query/chat/setting.ts";
export { botChatRevs, ownBots } from "./query/chat/bot-chat.ts";
export { loadChats, loadUserFeeds, recallChatCommands, recallOutcomes } from "./query/chat/actor.ts";
export {
  type FeedChange,
  readChanges,
  readFeed,
  readFeedHeads,
} from "./query/chat/change.ts";
export {
  type ChatKey,
  chatRevsOf,
  toldChatsOfUsers,
  directKey,
  linkChat,
  listChats,
  readChat,
  readChatAsGuest,
  readHeads,
  reserveChat,
} from "./query/chat/chat.ts";
export {
  crowdedUsers,
  listMembers,
  type Member,
  memberHeads,
  readJoinedSeq,
  readMember,
} from "./query/chat/member.ts";
export {
  type MessageDetail,
  readMessage,
  readMessages,
  readMessagesAt,
  readMessagesByTelegram,
  readMessagesBefore,
  type StoredMessage,
  toMessage,
} from "./query/chat/message.ts";
export { type MessageOrigin, readOrigins } from "./query/chat/message-origin.ts";
export { readTelegramChatOf } from "./query/chat/telegram-chat.ts";
export {
  type ChatMarks,
  readFewMarks,
  readMarks,
  readReaders,
  type StoredMarks,
} from "./query/chat/receipt.ts";
export { countMembers } from "./query/chat/count-members.ts";
export { accountKey } from "./query/identity/account-key.ts";
export { advanceSession } from "./query/identity/advance-session.ts";
export { type EndedSession, readEndedSessions } from "./query/identity/ended-session.ts";
export { endSession, endSessions } from "./query/identity/end-session.ts";
export { insertSession, type NewSession, type OpenedSession } from "./query/identity/insert-session.ts";
export { insertUser, type NewUser } from "./query/identity/insert-user.ts";
export { knownUserIds } from "./query/identity/known-user.ts";
export { listSessions } from "./query/identity/list-session.ts";
export { lockSession } from "./query/identity/lock-session.ts";
export { type Credential, type Login, readCredential } from "./query/identity/read-credential.ts";
export { readSessionEnd, readSessionUser } from "./query/identity/read-session.ts";
export { lockUser, readUser } from "./query/identity/read-user.ts";
export { findUser, listUsers } from "./query/identity/list-user.ts";
export { setUserDisabled } from "./query/identity/disable-user.ts";
export { searchSpecialists, searchUsers } from "./query/identity/search-user.ts";
export {
  type SessionEnd,
  sessionLifeMs,
  type SessionOfToken,
  type SessionRow,
} from "./query/identity/session.ts";
export { type SessionUse, touchSessions } from "./query/identity/touch-session.ts";
export { sweepSessions } from "./query/identity/sweep-session.ts";
export { setPassword } from "./query/identity/set-password.ts";
export { readUserByTelegramId } from "./query/identity/telegram-account.ts";
export { setTraits } from "./query/identity/set-traits.ts";
export { updateUser } from "./query/identity/update-user.ts";
export type { UserRole, UserRow } from "./query/identity/user.ts";
export { noteSeen } from "./query/presence/note-seen.ts";
export { type Watchable, watchablePairs } from "./query/presence/watchable.ts";
export { listAnswerRelays, listRelays } from "./query/relay/relay.ts";
export { type Backlog, countBacklog } from "./query/shard/backlog.ts";
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
  listOwners,
  listPositions,
  listShards,
  markSuspect,
  type Ownership,
  releaseShards,
  type ShardKind,
  type ShardPosition,
  type Suspect,
} from "./query/shard/ownership.ts";
export {
  beginSends,
  countOpenSends,
  finishSends,
  type JobFence,
  listSendingBots,
  openSendsOf,
  openSendsOfChats,
  type OpenSend,
  relayIdOf,
  type SendingBot,
  type SendResult,
  stateOf,
} from "./query/telegram/send.ts";
export {
  type Acquaintance,
  type AnsweredUpdate,
  botsWithPendingUpdates,
  type BotUsage,
  finishUpdates,
  pendingUpdates,
  type PendingUpdate,
  readAcquaintance,
  readCallbackToken,
  sweepBotMemory,
} from "./query/telegram/update.ts";
export type {
  ChangeRow,
  ChatAclRow,
  ChatRow,
  ChatSettingRow,
  DeadLetterRow,
  MemberRow,
  MessageRow,
  OutcomeRow,
  ReceiptRow,
  RelayRow,
  Row,
  TelegramPlace,
  UserChangeRow,
  UserFeedRow,
} from "./table.ts";
export { rotateWebhookSecret } from "./query/bot/rotate-secret.ts";
export {
  dueWebhookWatch,
  noteWebhookWatch,
  readSealedBot,
  type SealedBot,
  type WatchedWebhook,
} from "./query/bot/watched-bot.ts";
export { firstAdmin } from "./query/identity/first-admin.ts";
export { foldUsage, sweepUsage } from "./query/bot/fold-usage.ts";
export { orphanSends, type OrphanSend } from "./query/telegram/orphan-send.ts";
export { type JudgedUpdate, judgedUpdates } from "./query/telegram/flood.ts";
export { adoptBot } from "./query/bot/adopt-bot.ts";
export { invalidateButtons } from "./query/bot/button.ts";
export { sweepOutcomes } from "./query/outcome/sweep-outcome.ts";
export { sweepTelegramUpdates } from "./query/telegram/sweep-update.ts";
export { type BotSecrets, listAllBots, rekeyBots, rekeyHeaders } from "./query/bot/rekey-bot.ts";

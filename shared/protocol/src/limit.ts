/** Named limits of what crosses the protocol (CONTRACT §2, §3). */
export const limits = {
  /** UTF-8 bytes of a message body. */
  bodyBytesMax: 16_384,
  /** A frame from a client, and a page of `SyncResult`. */
  frameBytesMax: 65_536,
  /** An HTTP request body. */
  requestBytesMax: 1_048_576,
  entitiesMax: 100,
  attachmentsMax: 10,
  titleBytesMax: 512,
  emojiBytesMax: 32,
  /** Different emoji on one message. */
  emojisMax: 20,
  /** Reactions on one message, all emoji together: a message with all of them still fits a frame. */
  reactionsMax: 1_000,
  pollQuestionBytesMax: 1_024,
  pollOptionsMax: 20,
  pollOptionBytesMax: 256,
  /** Choices in one poll, of all members together. */
  votesMax: 1_000,
  /** Telegram takes 100 buttons. */
  buttonsInRowMax: 8,
  keyboardRowsMax: 100,
  syncChatsMax: 500,
  /** Channels one socket watches. */
  channelsMax: 1_000,
  /** Receipts in one frame: as many as fit. */
  receiptsMax: 1_000,
  /** In a chat of more members receipts come many in a frame, and nobody is told who types. */
  crowdMin: 100,
  invitesMax: 200,
  /** Chats one person is in; whoever is in so many is brought into no other by REST. */
  chatsPerUserMax: 10_000,
  /** Entries in the ACL of one chat. */
  aclMax: 1_000,
  /** Commands of one socket without an answer; beyond it `overloaded`. */
  pendingPerSocketMax: 1_024,
  /** Frames we cannot read in a minute before the socket is closed with 4400. */
  badFramesPerMinuteMax: 10,
  pageMax: 100,
} as const;

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
  syncChatsMax: 500,
  invitesMax: 200,
  /** Commands of one socket without an answer; beyond it `overloaded`. */
  pendingPerSocketMax: 1_024,
  /** Frames we cannot read in a minute before the socket is closed with 4400. */
  badFramesPerMinuteMax: 10,
  pageMax: 100,
} as const;

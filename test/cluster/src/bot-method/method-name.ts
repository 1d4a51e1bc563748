/** The methods of the Bot API that are promised here, by name. */
function named(list: string): readonly string[] {
  return list.split(/\s+/);
}

/** TELEGRAM.md, section 6, all that is not of updates, which `native-bot` tells of. */
export const firstWave =
  named(`getMe getFile logOut close sendMessage sendPhoto sendDocument sendVideo sendAudio sendVoice sendAnimation
  sendSticker sendMediaGroup sendLocation sendVenue sendContact sendPoll sendDice sendChatAction forwardMessage copyMessage
  editMessageText editMessageCaption editMessageMedia editMessageReplyMarkup deleteMessage deleteMessages stopPoll
  setMessageReaction getChat getChatMember getChatMemberCount getChatAdministrators banChatMember unbanChatMember
  pinChatMessage unpinChatMessage setMyCommands getMyCommands deleteMyCommands getUserProfilePhotos setChatMenuButton
  getChatMenuButton setMyName getMyName setMyDescription getMyDescription setMyShortDescription getMyShortDescription`);
export const secondWave =
  named(`sendVideoNote forwardMessages copyMessages restrictChatMember promoteChatMember leaveChat setChatTitle
  unpinAllChatMessages setChatDescription setChatPhoto deleteChatPhoto setChatPermissions setChatAdministratorCustomTitle
  exportChatInviteLink createChatInviteLink editChatInviteLink revokeChatInviteLink approveChatJoinRequest
  declineChatJoinRequest editMessageLiveLocation stopMessageLiveLocation sendMessageDraft deleteMessageReaction
  deleteAllMessageReactions setMyDefaultAdministratorRights getMyDefaultAdministratorRights getForumTopicIconStickers`);
/** A group of ours is no forum. */
export const topics =
  named(`createForumTopic editForumTopic closeForumTopic reopenForumTopic deleteForumTopic unpinAllForumTopicMessages
  editGeneralForumTopic closeGeneralForumTopic reopenGeneralForumTopic hideGeneralForumTopic unhideGeneralForumTopic
  unpinAllGeneralForumTopicMessages`);
/** Tested with updates, or refused to everybody. */
export const elsewhere = named(
  "getUpdates setWebhook deleteWebhook getWebhookInfo answerCallbackQuery answerInlineQuery sendInvoice",
);

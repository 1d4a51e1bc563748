/** The number of the bot that a token is of. */
export function telegramIdOf(token: string): string {
  return token.slice(0, token.indexOf(":"));
}

/** Whether a text can be a bot's token: the bot's id, a colon, its secret; 80 characters at most. */
export function isTelegramToken(text: string): boolean {
  return /^[1-9]\d{0,18}:[A-Za-z0-9_-]{1,70}$/.test(text) && text.length <= 80;
}

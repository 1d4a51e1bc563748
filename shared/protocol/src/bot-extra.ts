/** What a bot's message has that no message of people's has: kept beside it, told to bots alone. */
export interface BotExtra {
  readonly mediaGroupId?: string;
  readonly dice?: { readonly emoji: string; readonly value: number };
  readonly venue?: { readonly title: string; readonly address: string };
  /** It tells for so long where somebody is. */
  readonly live?: {
    readonly periodS: number;
    readonly heading?: number;
    readonly proximityM?: number;
    readonly isStopped?: true;
  };
  /** Of its file: `width`, `height`, `duration`, `title`, `performer`, `emoji`. */
  readonly media?: Readonly<Record<string, string | number>>;
  readonly hasSpoiler?: true;
  readonly showCaptionAbove?: true;
  readonly isProtected?: true;
}

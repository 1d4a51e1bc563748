import type { Entity } from "@rookery/protocol";
import { fixFormattedText } from "./fix-entities.ts";
import { EntityError, type FormattedText } from "./formatted-text.ts";
import { parseHtml } from "./html.ts";
import { parseMarkdownV2 } from "./markdown-v2.ts";
import { parseMarkdown } from "./markdown.ts";

/** How a bot says what its text is: by marks in it, by entities beside it, or not at all. */
export interface TextInput {
  readonly text: string;
  /** In any case; empty and absent: none. */
  readonly parseMode?: string | undefined;
  /** Looked at without a parse mode only. */
  readonly entities?: readonly Entity[] | undefined;
}

/**
 * The text and its entities as Telegram would keep them. Pure.
 * @throws EntityError in Telegram's words, without the prefix.
 */
export function formatText({ text, parseMode = "", entities = [] }: TextInput): FormattedText {
  switch (parseMode.toLowerCase()) {
    case "":
    case "none":
      return fixFormattedText({ text, entities });
    case "html":
      return fixFormattedText(parsed(parseHtml, text));
    case "markdown":
      return fixFormattedText(parsed(parseMarkdown, text));
    case "markdownv2":
      return fixFormattedText(parsed(parseMarkdownV2, text));
    default:
      throw new EntityError("unsupported parse_mode");
  }
}

function parsed(parse: (text: string) => FormattedText, text: string): FormattedText {
  try {
    return parse(text.toWellFormed());
  } catch (error) {
    if (!(error instanceof EntityError)) throw error;
    throw new EntityError(`can't parse entities: ${error.message}`);
  }
}

/** What goes wrong with a call, in Telegram's words: bots decide by them. */
import type { Fault } from "@rookery/protocol";

/** The code's name begins every description. */
const prefixes: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Request Entity Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export interface ApiHints {
  readonly retry_after?: number;
  readonly migrate_to_chat_id?: number;
}

/** A call is refused; `message` is the description as the bot gets it. */
export class ApiRefusal extends Error {
  override name = "ApiRefusal";
  readonly code: number;
  readonly hints: ApiHints | undefined;

  /** `words` without the prefix; empty: the prefix alone. */
  constructor(code: number, words: string, hints?: ApiHints) {
    super(description(code, words));
    this.code = code;
    this.hints = hints;
  }
}

/** The words go on in lower case after the prefix, unless they are a NAME or begin with two capitals (telegram-bot-api, Client.cpp). */
function description(code: number, words: string): string {
  const prefix = prefixes[code] ?? "Bad Request";
  if (words === "" || words.startsWith(prefix)) return words === "" ? prefix : words;
  const isName = words.length >= 2 && /[_A-Z]/.test(words[1] ?? "");
  return `${prefix}: ${isName ? words : `${words.charAt(0).toLowerCase()}${words.slice(1)}`}`;
}

export function badRequest(words: string): ApiRefusal {
  return new ApiRefusal(400, words);
}

/** A call beyond a limit. */
export function tooMany(retryMs: number): ApiRefusal {
  const seconds = Math.max(1, Math.ceil(retryMs / 1_000));
  return new ApiRefusal(429, `retry after ${seconds}`, { retry_after: seconds });
}

/** What the rest of the cluster says, where a method has no words of its own for it. */
export function refusalOfFault({ code, message, retryMs = 1_000 }: Fault): ApiRefusal {
  switch (code) {
    case "rate_limited":
    case "overloaded":
      return tooMany(retryMs);
    case "forbidden":
      return badRequest("not enough rights");
    case "not_found":
      return badRequest("chat not found");
    case "conflict":
    case "email_taken":
    case "username_taken":
      return new ApiRefusal(409, "the Idempotency-Key was used for another request");
    case "too_large":
      return badRequest("message is too long");
    case "unavailable":
      return new ApiRefusal(503, "try again later", { retry_after: Math.ceil(retryMs / 1_000) });
    case "invalid":
    case "unauthorized":
    case "bad_credentials":
    case "refresh_reused":
      return badRequest(message);
    case "internal":
      return new ApiRefusal(500, "");
  }
}

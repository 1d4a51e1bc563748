/** What the Bot API answers instead of a result. `description` is part of the contract: bots match it. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly code: number;
  readonly parameters: RefusalParameters | undefined;

  constructor(code: number, description: string, parameters?: RefusalParameters) {
    super(description);
    this.code = code;
    this.parameters = parameters;
  }
}

export interface RefusalParameters {
  readonly retry_after?: number;
  readonly migrate_to_chat_id?: number;
}

export function badRequest(description: string): Refusal {
  return new Refusal(400, `Bad Request: ${description}`);
}

export function forbidden(description: string): Refusal {
  return new Refusal(403, `Forbidden: ${description}`);
}

export function conflict(description: string): Refusal {
  return new Refusal(409, `Conflict: ${description}`);
}

export function tooManyRequests(retrySeconds: number): Refusal {
  return new Refusal(429, `Too Many Requests: retry after ${retrySeconds}`, { retry_after: retrySeconds });
}

export function migrated(chatId: number): Refusal {
  return new Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", {
    migrate_to_chat_id: chatId,
  });
}

import { type ApiError, parseApiError } from "./api-error.ts";
import type { Connection } from "./connection.ts";

/** Most calls end in milliseconds; one that needs a quorum to be found does not. */
const CALL_MS_MAX = 2_000;
const CREATE_MS_MAX = 5_000;

/**
 * One call of the JetStream API about the stream `stream`: JSON there, JSON back.
 * @throws BusOutage; LogMissing, LogFull, LogRefusal by the answer's code
 */
export async function callLogApi<T>(
  connection: Connection,
  verb: string,
  stream: string,
  body: object,
): Promise<T> {
  const subject = `$JS.API.${verb}`;
  const timeoutMs = verb.startsWith("STREAM.CREATE") ? CREATE_MS_MAX : CALL_MS_MAX;
  const message = await connection.ask(subject, Buffer.from(JSON.stringify(body)), timeoutMs);
  const answer = message.json<{ error?: ApiError } & T>();
  if (answer.error !== undefined) throw parseApiError(subject, stream, answer.error);
  return answer;
}

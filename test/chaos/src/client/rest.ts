/** REST as a stranger speaks it, with a bound on every wait. */

/** Any status is an answer. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** @throws when there is no answer within `withinMs`. */
export async function request<T>(
  base: string,
  method: string,
  path: string,
  options: {
    readonly token?: string;
    readonly body?: unknown;
    readonly key?: string;
    readonly withinMs?: number;
  } = {},
): Promise<Answer<T>> {
  const headers = new Headers({ "content-type": "application/json" });
  if (options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
  if (options.key !== undefined) headers.set("idempotency-key", options.key);
  const response = await fetch(base + path, {
    method,
    headers,
    signal: AbortSignal.timeout(options.withinMs ?? requestMsMax),
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as T };
}

const requestMsMax = 15_000;

/** As `request`. @throws Error with the answer when its status is no 2xx. */
export async function call<T>(...args: Parameters<typeof request>): Promise<T> {
  const { status, body } = await request<T>(...args);
  if (status < 200 || status > 299) {
    throw new Error(`${args[1]} ${args[2]}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
  }
  return body;
}

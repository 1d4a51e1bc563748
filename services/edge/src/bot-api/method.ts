/** Methods as data: a name, what its parameters are, and what is done. */
import type { Log } from "@rookery/runtime";
import type { NativeBot } from "@rookery/store";
import type { MethodResult, Methods } from "@rookery/telegram";
import type { Arguments } from "./arguments.ts";
import type { BotApiContext } from "./context.ts";

/** One call of a bot's. */
export interface Call {
  readonly context: BotApiContext;
  readonly bot: NativeBot;
  readonly args: Arguments;
  readonly log: Log;
  readonly requestId: string;
  /** The `Idempotency-Key`: the call's name for ever. */
  readonly key: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Reads one parameter. @throws ApiRefusal */
export type Parameter<T> = (args: Arguments, name: string) => T;

type Values<P extends Readonly<Record<string, Parameter<unknown>>>> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};

/** `description` goes beside the result in the envelope. */
export class Described<T = unknown> {
  readonly result: T;
  readonly description: string;

  constructor(result: T, description: string) {
    this.result = result;
    this.description = description;
  }
}

/** A result that is JSON already. */
export class Written {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

export interface Method {
  readonly name: string;
  /** @throws ApiRefusal, Fault */
  run(call: Call): Promise<unknown>;
}

/** The result is of the type that Telegram documents for the method; another does not compile. */
export function method<N extends keyof Methods, P extends Readonly<Record<string, Parameter<unknown>>>>(
  name: N,
  parameters: P,
  handle: (call: Call, values: Values<P>) => Promise<MethodResult<N> | Described<MethodResult<N>> | Written>,
): Method {
  return {
    name,
    async run(call) {
      const values = Object.fromEntries(
        Object.entries(parameters).map(([key, read]) => [key, read(call.args, key)]),
      );
      return await handle(call, values as Values<P>);
    },
  };
}

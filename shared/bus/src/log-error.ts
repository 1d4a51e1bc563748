/** The log takes nothing more: a limit of the stream or of the server's disk. The message is not stored. */
export class LogFull extends Error {
  override name = "LogFull";
  readonly errCode: number;

  constructor(subject: string, errCode: number) {
    super(`${subject}: the log is full (JetStream error ${errCode})`);
    this.errCode = errCode;
  }
}

/** There is no stream of that name. */
export class LogMissing extends Error {
  override name = "LogMissing";

  constructor(name: string) {
    super(`there is no log named ${name}`);
  }
}

/** A stream is there that breaks what a log promises. An operator has to decide; we neither change nor use it. */
export class LogMismatch extends Error {
  override name = "LogMismatch";

  constructor(name: string, why: string) {
    super(`the stream ${name} cannot be used as a log: ${why}`);
  }
}

/** JetStream refused for a reason that is neither an outage nor expected: a bug, or a server set up wrongly. */
export class LogRefusal extends Error {
  override name = "LogRefusal";
  readonly errCode: number;

  constructor(subject: string, errCode: number, description: string) {
    super(`${subject}: ${description} (JetStream error ${errCode})`);
    this.errCode = errCode;
  }
}

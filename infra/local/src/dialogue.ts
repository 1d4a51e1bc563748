import { connect } from "node:net";

const answerMsMax = 1_000;
const answerCharsMax = 64 * 1024;

/**
 * Connects to a server on loopback, says `greeting` and tells whether its answer matches; false when it does not
 * answer within a second. Enough to see that a server serves, without its client library.
 */
export async function answers(port: number, greeting: string, expected: RegExp): Promise<boolean> {
  return await new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (isExpected: boolean): void => {
      socket.destroy();
      resolve(isExpected);
    };
    socket.setTimeout(answerMsMax, () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("close", () => finish(false));
    socket.once("connect", () => void (greeting === "" || socket.write(greeting)));
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      if (expected.test(answer)) finish(true);
    });
  });
}

function targetOf(url: string, defaultPort: number): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  const host = hostname === "" ? "127.0.0.1" : hostname.replace(/^\[|\]$/g, "");
  return { host, port: port === "" ? defaultPort : Number(port) };
}

/** What in a server's answer to `greeting` matches, within a few seconds; undefined when it says nothing of the kind. */
export async function answerOf(
  url: string,
  defaultPort: number,
  { greeting, expected }: { readonly greeting: string; readonly expected: RegExp },
): Promise<RegExpExecArray | undefined> {
  return await new Promise((resolve) => {
    let answer = "";
    const socket = connect(targetOf(url, defaultPort));
    const finish = (found: RegExpExecArray | undefined): void => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(5 * answerMsMax, () => finish(undefined));
    socket.once("error", () => finish(undefined));
    socket.once("close", () => finish(undefined));
    socket.once("connect", () => void (greeting === "" || socket.write(greeting)));
    socket.on("data", (chunk) => {
      answer = (answer + chunk.toString("latin1")).slice(0, answerCharsMax);
      const found = expected.exec(answer);
      if (found !== null) finish(found);
    });
  });
}

/** Whether somebody listens where a URL points. @returns undefined when so, else why not. */
export async function whyUnreachable(url: string, defaultPort: number): Promise<string | undefined> {
  if (!URL.canParse(url)) return "it is not a URL";
  const target = targetOf(url, defaultPort);
  return await new Promise((resolve) => {
    const socket = connect(target);
    const finish = (reason: string | undefined): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(5 * answerMsMax, () => finish(`${target.host}:${target.port} does not answer`));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      finish(`${target.host}:${target.port} does not answer: ${error.code ?? error.message}`),
    );
    socket.once("connect", () => finish(undefined));
  });
}

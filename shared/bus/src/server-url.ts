/** Where the servers are and who we are to them. */
export interface ServerAddress {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly tls: boolean;
}

/**
 * Parses `nats://[user:password@|token@]host[:port][,host[:port]…]`; the scheme `tls` demands encryption.
 * Credentials are those of the first address.
 * @throws TypeError for what is no URL or has another scheme; its message holds no credentials
 */
export function parseServerUrl(text: string): ServerAddress {
  const urls = text.split(",").map((part) => parseOne(part.trim()));
  const first = urls[0];
  if (first === undefined) throw new TypeError("the NATS address is empty");
  return {
    servers: urls.map((url) => `${url.hostname}:${url.port === "" ? "4222" : url.port}`),
    ...readCredentials(first),
    tls: urls.some((url) => url.protocol === "tls:"),
  };
}

function parseOne(text: string): URL {
  const withScheme = text.includes("://") ? text : `nats://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url === undefined || url.hostname === "") throw new TypeError("the NATS address is no URL");
  if (url.protocol !== "nats:" && url.protocol !== "tls:") {
    throw new TypeError(`the NATS address must begin with nats:// or tls://, not ${url.protocol}//`);
  }
  return url;
}

function readCredentials(url: URL): Pick<ServerAddress, "user" | "password" | "token"> {
  if (url.username === "") return {};
  const name = decodeURIComponent(url.username);
  return url.password === "" ? { token: name } : { user: name, password: decodeURIComponent(url.password) };
}

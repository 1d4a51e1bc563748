import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError, type Env, readText } from "@rookery/runtime";
import { App, SSLApp, type TemplatedApp } from "uWebSockets.js";

/** PEM files by which an edge serves https itself; the certificate first, those that signed it after. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * TLS 1.3 alone, by the one way uWebSockets.js leaves: it takes no versions, only the ciphers of TLS 1.2 (BoringSSL keeps
 * those of 1.3 apart and always on). Ciphers of pre-shared keys need a key on both sides and the server has none, so a
 * client of 1.2 finds nothing in common and hears `handshake_failure`. `tls.test.ts` holds the library to it.
 */
const noCipherOfTls12 = "PSK";

/** @throws ConfigError when only one of the two is set. */
export function readTlsFiles(env: Env): TlsFiles | null {
  const certFile = readText(env, "TLS_CERT_FILE", "");
  const keyFile = readText(env, "TLS_KEY_FILE", "");
  if (certFile === "" && keyFile === "") return null;
  if (certFile !== "" && keyFile !== "") return { certFile, keyFile };
  throw new ConfigError(`${certFile === "" ? "TLS_CERT_FILE" : "TLS_KEY_FILE"} is not set, and the other is`);
}

/** uWS, speaking https when there is a certificate. @throws ConfigError when it or its key cannot be used. */
export function openServer(tls: TlsFiles | null): TemplatedApp {
  if (tls === null) return App();
  const cert = readPem("TLS_CERT_FILE", tls.certFile);
  const key = readPem("TLS_KEY_FILE", tls.keyFile);
  try {
    // uWS would only say that it failed.
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      throw new Error("the key is another certificate's");
    }
    return SSLApp({
      cert_file_name: tls.certFile,
      key_file_name: tls.keyFile,
      ssl_ciphers: noCipherOfTls12,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`TLS_CERT_FILE and TLS_KEY_FILE cannot be used together: ${reason}`, {
      cause: error,
    });
  }
}

function readPem(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${variable}=${file} cannot be read: ${reason}`, { cause: error });
  }
}

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect, type SecureVersion } from "node:tls";
import { makeCertificate } from "@rookery/kit";
import { us_socket_local_port } from "uWebSockets.js";
import { openServer, readTlsFiles } from "../src/tls.ts";

const folder = mkdtempSync(join(tmpdir(), "rookery-tls-"));
after(() => rmSync(folder, { recursive: true }));
const { certPem, keyPem } = makeCertificate();
const files = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
writeFileSync(files.certFile, certPem);
writeFileSync(files.keyFile, keyPem, { mode: 0o600 });

/** The version that was agreed on, or why none was. */
function shakeHands(port: number, version: SecureVersion): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({
      port,
      host: "127.0.0.1",
      servername: "localhost",
      ca: certPem,
      minVersion: version,
      maxVersion: version,
      // Whatever this Node can at all, so that only the server refuses.
      ciphers: "ALL:@SECLEVEL=0",
    });
    socket.once("secureConnect", () => {
      resolve(socket.getProtocol() ?? "none");
      socket.destroy();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test("TLS 1.3 is spoken and nothing before it", async () => {
  const app = openServer(files);
  app.any("/*", (res) => void res.end("here"));
  const port = await new Promise<number>((resolve) => {
    app.listen("127.0.0.1", 0, (socket) => resolve(socket === false ? 0 : us_socket_local_port(socket)));
  });
  after(() => void app.close());
  assert.equal(await shakeHands(port, "TLSv1.3"), "TLSv1.3");
  assert.match(await shakeHands(port, "TLSv1.2"), /ALERT_HANDSHAKE_FAILURE$/);
  assert.match(await shakeHands(port, "TLSv1.1"), /ALERT_PROTOCOL_VERSION$/);
});

test("a certificate that cannot be used stops the start, in words", () => {
  const other = join(folder, "other.pem");
  writeFileSync(other, makeCertificate().keyPem);
  assert.throws(
    () => openServer({ ...files, keyFile: other }),
    /TLS_KEY_FILE cannot be used together: the key is another certificate's/,
  );
  assert.throws(
    () => openServer({ ...files, certFile: "/nowhere.pem" }),
    /TLS_CERT_FILE=\/nowhere.pem cannot be read/,
  );
  writeFileSync(other, "no certificate");
  assert.throws(() => openServer({ ...files, certFile: other }), /cannot be used/);
});

test("certificate and key are both set or neither", () => {
  assert.equal(readTlsFiles({}), null);
  assert.deepEqual(readTlsFiles({ TLS_CERT_FILE: "c", TLS_KEY_FILE: "k" }), { certFile: "c", keyFile: "k" });
  assert.throws(() => readTlsFiles({ TLS_CERT_FILE: "c" }), /TLS_KEY_FILE is not set/);
  assert.throws(() => readTlsFiles({ TLS_KEY_FILE: "k" }), /TLS_CERT_FILE is not set/);
});

/** With a certificate the edges themselves speak https and wss, and nothing else on that port. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";
import { type Cluster, makeCertificate, startCluster } from "@rookery/kit";
import { WebSocket } from "ws";

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
}

describe("an edge with a certificate", () => {
  const folder = mkdtempSync(join(tmpdir(), "rookery-tls-"));
  const { certPem, keyPem } = makeCertificate();
  const env = { TLS_CERT_FILE: join(folder, "cert.pem"), TLS_KEY_FILE: join(folder, "key.pem") };
  let cluster: Cluster;
  let base: string;

  before(async () => {
    writeFileSync(env.TLS_CERT_FILE, certPem);
    writeFileSync(env.TLS_KEY_FILE, keyPem, { mode: 0o600 });
    cluster = await startCluster({ shards: 8, env: { ...env, DRAIN_MS: "1000" } });
    base = cluster.edges[0] ?? "";
  });
  after(async () => {
    await cluster?.close();
    rmSync(folder, { recursive: true });
  });

  async function ask(method: string, path: string, body?: object): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": "application/json" };
      const sent = httpsRequest(`${base}${path}`, { method, ca: certPem, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("end", () =>
          resolve({
            status: answer.statusCode,
            headers: answer.headers,
            body: JSON.parse(text) as Record<string, unknown>,
          }),
        );
      });
      sent.on("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  it("says so when it is ready, and answers; browsers are told to stay, the cookie is for https", async () => {
    assert.match(base, /^https:\/\/127\.0\.0\.1:\d+$/);
    const account = { email: "ada@example.org", password: "correct horse" };
    const { status, headers } = await ask("POST", "/v1/auth/register", account);
    assert.equal(status, 201);
    assert.match(String(headers["strict-transport-security"]), /max-age=\d+/);
    assert.match(String(headers["set-cookie"]), /; Secure/);
  });

  it("opens sockets by wss", async () => {
    const account = { email: "bob@example.org", password: "correct horse" };
    const { body } = await ask("POST", "/v1/auth/register", account);
    const url = `${base.replace("https", "wss")}/v1/ws`;
    const socket = new WebSocket(url, ["rookery.v1.json", `bearer.${String(body["accessToken"])}`], {
      ca: certPem,
    });
    const hello = await new Promise<string>((resolve, reject) => {
      socket.once("message", (data: Buffer) => resolve(data.toString()));
      socket.once("error", reject);
    });
    assert.equal((JSON.parse(hello) as { type: string }).type, "Hello");
    socket.close();
  });

  it("speaks no TLS 1.2", async () => {
    const { port } = new URL(base);
    const outcome = await new Promise<string>((resolve) => {
      const socket = connect({ port: Number(port), host: "127.0.0.1", ca: certPem, maxVersion: "TLSv1.2" });
      socket.once("secureConnect", () => resolve("agreed"));
      socket.once("error", (error) => resolve(error.message));
      socket.once("close", () => socket.destroy());
    });
    assert.match(outcome, /handshake failure/);
  });
});

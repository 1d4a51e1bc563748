/**
 * Every route of the document × everybody who may ask: the status the document lets expect, and what is answered.
 * `RIGHTS_TABLE=1` prints the table; a failure prints it too.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Cluster, openCluster } from "./cluster.ts";
import { readDocument } from "./document.ts";
import { request } from "./rest.ts";
import {
  type Asker,
  askers,
  expectedStatus,
  idleExceptions,
  listRows,
  type Row,
} from "./rights/expectation.ts";
import { openStage, type Stage } from "./rights/stage.ts";
import { makeKeyPem } from "./signing.ts";
import { openSocket, UpgradeRefused } from "./socket.ts";

/** Bots are made; nobody answers for Telegram, nor where webhooks go. */
const noTelegram = { TELEGRAM_API_ROOT: "http://127.0.0.1:9", WEBHOOK_ALLOW_PRIVATE: "true" };
/** End the asker's own session. */
const leavings = new Set(["postAuthLogout", "postAuthLogoutAll"]);

describe("the table of rights", () => {
  let folder: string;
  let cluster: Cluster;
  let stage: Stage;
  let rows: Row[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rookery-rights-"));
    const keyFile = join(folder, "jwt-key.pem");
    const keyPem = makeKeyPem();
    writeFileSync(keyFile, keyPem, { mode: 0o600 });
    cluster = await openCluster({ env: { JWT_PRIVATE_KEY_FILE: keyFile, ...noTelegram } });
    const { document } = await readDocument(cluster.base);
    rows = listRows(document);
    stage = await openStage(cluster, document, keyPem);
  });
  after(async () => {
    await cluster?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function answerOf(row: Row, asker: Asker): Promise<number> {
    const token = stage.tokenOf(asker);
    if (row.path === "/v1/ws") return await upgrade(cluster.base, token ?? "");
    const { path, body } = await stage.callOf(row, asker);
    const answer = await request(cluster.base, row.method, path, {
      ...(token === undefined ? {} : { token }),
      ...(body === undefined ? {} : { body }),
    });
    if (answer.status < 300 && leavings.has(row.operation.operationId)) await stage.renew(asker);
    return answer.status;
  }

  it("[A5] everybody is answered what the document lets them expect, on every route", async () => {
    assert.ok(rows.length > 45, `${rows.length} routes`);
    assert.deepEqual(idleExceptions(rows), [], "exceptions for routes that are not there");
    const lines: string[] = [];
    const wrong: string[] = [];
    for (const row of rows) {
      const name = `${row.method} ${row.path}`;
      const cells: string[] = [];
      for (const asker of askers) {
        const expected = expectedStatus(row, asker);
        const found = await answerOf(row, asker).catch((error: unknown) => String(error));
        if (found !== expected) wrong.push(`${name}, ${asker}: ${found} instead of ${expected}`);
        cells.push(found === expected ? String(found) : `${String(found).slice(0, 3)}!`);
      }
      lines.push(`${name.padEnd(62)}${row.operation["x-needs"].padEnd(17)}${cells.map(pad).join("")}`);
    }
    const table = [`${"".padEnd(79)}${askers.map(pad).join("")}`, ...lines].join("\n");
    if (process.env["RIGHTS_TABLE"] === "1" || wrong.length > 0) process.stdout.write(`${table}\n`);
    assert.deepEqual(wrong, []);
  });
});

function pad(cell: string): string {
  return cell.padEnd(16);
}

async function upgrade(base: string, token: string): Promise<number> {
  try {
    const socket = await openSocket({ base, token, tokenIn: "header" });
    await socket.close();
    return 101;
  } catch (error) {
    if (error instanceof UpgradeRefused) return error.status;
    throw error;
  }
}

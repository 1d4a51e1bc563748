/** What the README tells receivers is run as it stands there, in each language that is on this machine. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeSigningSecret, readSigningKey, signWebhook } from "../src/mod.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const folder = mkdtempSync(join(tmpdir(), "rookery-readme-"));
after(() => rmSync(folder, { recursive: true, force: true }));
/** On a machine that does other things. */
const timeout = 120_000;

const isHere = (command: string, flag: string): boolean =>
  spawnSync(command, [flag], { stdio: "ignore", timeout }).status === 0;

function blockOf(language: string): string {
  const block = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(readme)?.[1];
  assert.ok(block !== undefined, `the README has nothing in ${language}`);
  return block;
}

const body = JSON.stringify({ type: "message.created", data: { body: "\u0451 🐦" } });
const symmetric = makeSigningSecret("v1");
const content = { id: "msg_1_5m7", timestampS: Math.floor(Date.now() / 1_000), body };
const headers = signWebhook(
  content,
  [makeSigningSecret("v1"), symmetric, makeSigningSecret("v1a")].map(({ secret }) => readSigningKey(secret)),
);

/** One program, asked about the body as it came and about another; what it prints. */
function judge(file: string, program: string, command: string, args: readonly string[] = []): string {
  const path = join(folder, file);
  writeFileSync(path, program);
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  return execFileSync(command, [...args, path], { cwd, timeout, encoding: "utf8" }).trim();
}

test("JavaScript", () => {
  const program = `${blockOf("js").replace('"standardwebhooks"', JSON.stringify(import.meta.resolve("standardwebhooks")))}
    const tried = (body) => { try { verify(${JSON.stringify(symmetric.secret)}, ${JSON.stringify(headers)}, body); return 1; } catch { return 0; } };
    console.log(tried(${JSON.stringify(body)}), tried(${JSON.stringify(`${body} `)}));`;
  assert.equal(judge("verify.mjs", program, process.execPath), "1 0");
});

test("Python", { skip: !isHere("python3", "--version") && "no python3 here" }, () => {
  const bytes = (text: string) => `base64.b64decode("${Buffer.from(text).toString("base64")}")`;
  const program = `${blockOf("python")}
headers = ${JSON.stringify(headers)}
print(*[int(verify("${symmetric.secret}", headers, body)) for body in (${bytes(body)}, ${bytes(`${body} `)})])`;
  assert.equal(judge("verify.py", program, "python3"), "1 0");
});

test("sh", { skip: !isHere("openssl", "version") && "no openssl here" }, () => {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures } = headers;
  const call = (body: string) =>
    `verify ${[symmetric.secret, id, at, signatures, body].map((each) => `'${each}'`).join(" ")}`;
  const program = `${blockOf("sh")}
for said in 1; do ${call(body)} && echo taken; ${call(`${body} `)} || echo refused; done`;
  assert.equal(judge("verify.sh", program, "sh"), "taken\nrefused");
});

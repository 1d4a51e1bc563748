/**
 * What remembering verified tokens saves: `verify` with and without it, in turns, in one process.
 * Run: `node shared/auth/test/verified-tokens.bench.ts`. Only the ratio matters.
 */
import { generateKeyPairSync } from "node:crypto";
import { openTokens, type Tokens } from "../src/mod.ts";

const users = 500;
const rounds = 6;
const callsARound = 4_000;

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const privateKeyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const variants = {
  "every time": await openTokens({ privateKeyPem, rememberedMax: 0 }),
  remembered: await openTokens({ privateKeyPem }),
};
const nowMs = Date.now();
const tokens: string[] = [];
for (let userId = 1; userId <= users; userId++) {
  const { token } = await variants.remembered.sign({ userId, sessionId: userId, roles: ["member"] }, nowMs);
  tokens.push(token);
}

const spentMs = new Map<string, number>();
for (let round = 0; round <= rounds; round++) {
  for (const [name, verifier] of Object.entries(variants)) {
    const ms = await time(verifier);
    // The first round warms up, and fills the memory.
    if (round > 0) spentMs.set(name, (spentMs.get(name) ?? 0) + ms);
  }
}
const control = spentMs.get("every time") ?? 1;
for (const [name, ms] of spentMs) {
  const each = (ms * 1_000) / (rounds * callsARound);
  console.log(`${name.padEnd(12)} ${each.toFixed(1)} µs a token, ${(control / ms).toFixed(1)} times as fast`);
}

async function time(verifier: Tokens): Promise<number> {
  const startMs = performance.now();
  for (let call = 0; call < callsARound; call++) {
    const { kind } = await verifier.verify(tokens[call % users] ?? "", nowMs);
    if (kind !== "valid") throw new Error(`a good token is ${kind}`);
  }
  return performance.now() - startMs;
}

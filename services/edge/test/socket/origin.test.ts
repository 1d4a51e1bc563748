import assert from "node:assert/strict";
import { test } from "node:test";
import { originRule } from "../../src/socket/origin.ts";

const rule = originRule(["https://chat.example.com"], "https://edge.example.org/");

test("programs, the cluster's own pages, allowed ones and loopback may open sockets", () => {
  for (const origin of [
    "",
    "https://chat.example.com",
    "https://edge.example.org",
    "http://localhost:5173",
    "http://127.0.0.1:8080",
    "http://[::1]:3000",
  ]) {
    assert.equal(rule(origin), true, origin);
  }
});

test("every other page may not, however it is spelled", () => {
  for (const origin of [
    "https://evil.example",
    "http://chat.example.com",
    "https://chat.example.com.evil.example",
    "https://localhost.evil.example",
    "https://127.0.0.1.evil.example",
    "null",
    "*",
  ]) {
    assert.equal(rule(origin), false, origin);
  }
});

test("a star allows every page", () => {
  assert.equal(originRule(["*"], "https://edge.example.org")("https://evil.example"), true);
});

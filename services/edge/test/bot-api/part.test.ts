/** The pure parts: addresses, descriptions, ranges, file types and names. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openFileNames } from "@rookery/telegram";
import { readAddress } from "../../src/bot-api/address.ts";
import { ApiRefusal } from "../../src/bot-api/api-refusal.ts";
import { filePathOf } from "../../src/bot-api/download.ts";
import { fileHeaders, readRange } from "../../src/file/file-answer.ts";
import { sniff } from "../../src/file/sniff.ts";

describe("a path", () => {
  it("is a call, a file, or nothing of ours", () => {
    assert.deepEqual(readAddress("/bot1:a/getMe"), { kind: "call", token: "1:a", method: "getMe" });
    assert.deepEqual(readAddress("/bot1:a"), { kind: "call", token: "1:a", method: "" });
    assert.deepEqual(readAddress("/file/bot1:a/photos/x"), { kind: "file", token: "1:a", path: "photos/x" });
    assert.deepEqual(readAddress("/bots"), { kind: "call", token: null, method: "" });
    assert.equal(readAddress("/v1/bots"), null);
    assert.equal(readAddress("/file/x"), null);
  });
});

describe("a description", () => {
  it("goes on in lower case after its prefix, but for names", () => {
    assert.equal(new ApiRefusal(400, "Message is too long").message, "Bad Request: message is too long");
    assert.equal(new ApiRefusal(400, "BUTTON_DATA_INVALID").message, "Bad Request: BUTTON_DATA_INVALID");
    assert.equal(new ApiRefusal(403, "Forbidden: x").message, "Forbidden: x");
    assert.equal(new ApiRefusal(413, "").message, "Request Entity Too Large");
  });
});

describe("a range", () => {
  const cases = [
    ["bytes=0-4", { start: 0, end: 4 }],
    ["bytes=5-", { start: 5, end: 9 }],
    ["bytes=-3", { start: 7, end: 9 }],
    ["bytes=-30", { start: 0, end: 9 }],
    ["bytes=5-100", { start: 5, end: 9 }],
    ["bytes=10-", "outside"],
    ["bytes=4-2", "outside"],
    ["bytes=a-b", null],
    ["bytes=1-2,4-5", null],
    ["", null],
  ] as const;
  for (const [header, range] of cases) {
    it(JSON.stringify(header), () => assert.deepEqual(readRange(header, 10), range));
  }
});

describe("a file", () => {
  it("is what its first bytes say, whatever it is called", () => {
    const png = Buffer.from("89504e470d0a1a0a0000000d49484452000000020000000308060000", "hex");
    assert.deepEqual(sniff(png), { mime: "image/png", extension: ".png", width: 2, height: 3 });
    const gif = Buffer.from("474946383961050006000000", "hex");
    assert.deepEqual(sniff(gif), { mime: "image/gif", extension: ".gif", width: 5, height: 6 });
    const jpeg = Buffer.from(
      "ffd8ffe000104a46494600010100000100010000ffc0001108000a0014030122000211010311",
      "hex",
    );
    assert.deepEqual(sniff(jpeg), { mime: "image/jpeg", extension: ".jpg", width: 20, height: 10 });
    assert.equal(sniff(Buffer.from("%PDF-1.7")).mime, "application/pdf");
    assert.equal(sniff(Buffer.from("<html><script>")).mime, "text/plain");
    assert.equal(sniff(Buffer.from("häuser").subarray(0, 2)).mime, "text/plain");
    assert.equal(sniff(Buffer.from([0, 1, 2])).mime, "application/octet-stream");
    assert.equal(sniff(Buffer.alloc(0)).mime, "application/octet-stream");
    for (let length = 0; length < jpeg.length; length++) sniff(jpeg.subarray(0, length));
  });
  it("is saved, never shown, under its own name in any script", () => {
    const headers = new Map(fileHeaders({ mime: "text/plain", name: 'a "b"\r\nx: é' }));
    assert.equal(
      headers.get("content-disposition"),
      "attachment; filename*=UTF-8''a%20%22b%22%0D%0Ax%3A%20%C3%A9",
    );
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  });
});

describe("what a bot calls a file", () => {
  it("ends as the file's own name does, or as its type, for programs that tell it by that", () => {
    const cases = [
      ["application/pdf", "Report.PDF", "documents/id.pdf"],
      ["image/png", "application.octet-stream", "photos/id.png"],
      ["audio/ogg", null, "music/id.oga"],
      ["application/octet-stream", "no ending", "documents/id"],
    ] as const;
    for (const [mime, name, path] of cases) assert.equal(filePathOf("id", { mime, name }), path);
  });

  const names = openFileNames("secret");
  const fileId = "A".repeat(22);
  it("is its own: another bot's name is nothing to it, and none can be made up", () => {
    const { file_id: mine, file_unique_id: unique } = names.nameFor(5)({ fileId });
    const { file_id: theirs, file_unique_id: same } = names.nameFor(6)({ fileId });
    assert.equal(names.fileOf(5, mine), fileId);
    assert.equal(names.fileOf(6, mine), null);
    assert.equal(names.fileOf(6, theirs), fileId);
    assert.equal(unique, same);
    assert.equal(openFileNames("other").fileOf(5, mine), null);
    for (const bad of ["", "x", mine.slice(1), `${mine}x`, fileId]) assert.equal(names.fileOf(5, bad), null);
  });
});

/** TELEGRAM.md section 1, rule by rule, with the exact texts. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, describe, it } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { directKey, reserveChat } from "@rookery/store";
import { ask, openStage, type Reply } from "./stage.ts";

const stage = await openStage();
after(() => stage.close());
const { root, url, token, botId } = stage;
const person = await stage.edge.person();
await openDirectChat();

/** A private chat of the bot and the person. */
async function openDirectChat(): Promise<void> {
  const id = await reserveChat(stage.edge.store, directKey(botId, person.id));
  const members = [botId, person.id].map((userId) => ({ userId, role: "member" as const }));
  await stage.edge.context.commands.submit(
    {
      actor: { kind: "chat", id },
      senderId: person.id,
      uuid: "birth",
      source: "rest",
      command: { kind: "create", birth: { type: "direct", title: null, members } },
    },
    { timeoutMs: 1_000 },
  );
}

const form = { "content-type": "application/x-www-form-urlencoded" };
const json = { "content-type": "application/json" };
const say = (text: string): string => `chat_id=${person.id}&text=${encodeURIComponent(text)}`;

function isRefused({ status, body }: Reply, code: number, description: string): void {
  assert.deepEqual(
    { status, ok: body.ok, code: body.error_code, description: body.description },
    { status: code, ok: false, code, description },
  );
}

function isSaid({ status, body, text: raw }: Reply, text: string): void {
  assert.equal(status, 200, raw);
  const message = body.result as unknown as { text: string; message_id: number; chat: { id: number } };
  assert.deepEqual([message.text, message.chat.id], [text, person.id]);
}

/** A body in pieces, so that no length is told. */
function pieces(bytes: Uint8Array, size = 7): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

describe("where a call goes", () => {
  it("method names are of any case", async () => {
    for (const name of ["getMe", "GETME", "getme"]) assert.equal((await ask(`${root}/${name}`)).status, 200);
  });
  it("an empty name falls back to the argument `method`, wherever that is said", async () => {
    for (const path of ["/", "", "/?method=getMe"]) {
      const reply = await ask(`${root}${path}`, { method: "POST", headers: form, body: "method=getMe" });
      assert.equal(reply.status, 200, path);
    }
  });
  it("an unknown method is 404, never 500", async () => {
    for (const path of ["/fly", "/getMe/x", "/", "/%ff"]) {
      isRefused(await ask(root + path), 404, "Not Found: method not found");
    }
  });
  it("a token that cannot be one is told so", async () => {
    for (const bad of ["abc", "0123:abc", `1:${"a".repeat(80)}`, "", "1:a b", ":x"]) {
      isRefused(await ask(`${url}/bot${bad}/getMe`), 401, "Unauthorized: invalid token specified");
    }
  });
  it("a token that is nobody's is `Unauthorized`, also for files", async () => {
    isRefused(await ask(`${url}/bot1:${"a".repeat(35)}/getMe`), 401, "Unauthorized");
    isRefused(await ask(`${url}/file/bot1:${"a".repeat(35)}/photos/x`), 401, "Unauthorized");
    isRefused(await ask(`${root}x/getMe`), 401, "Unauthorized");
  });
  it("a colon may be escaped", async () => {
    assert.equal((await ask(`${url}/bot${token.replace(":", "%3A")}/getMe`)).status, 200);
  });
  it("other paths are not of the Bot API", async () => {
    assert.equal(await (await fetch(`${url}/v1/bots`)).text(), "elsewhere");
  });
  it("other verbs than GET and POST are refused", async () => {
    for (const verb of ["PUT", "DELETE", "PATCH"]) {
      isRefused(await ask(`${root}/getMe`, { method: verb }), 405, "Method Not Allowed");
    }
  });
});

describe("how a call says what it says", () => {
  it("GET, by its query", async () => {
    isSaid(await ask(`${root}/sendMessage?${say("by query")}`), "by query");
  });
  it("POST, by form, JSON and multipart", async () => {
    isSaid(
      await ask(`${root}/sendMessage`, { method: "POST", headers: form, body: say("by form") }),
      "by form",
    );
    const body = JSON.stringify({
      chat_id: person.id,
      text: "by JSON",
      reply_markup: { remove_keyboard: true },
    });
    isSaid(await ask(`${root}/sendMessage`, { method: "POST", headers: json, body }), "by JSON");
    const parts = new FormData();
    parts.set("chat_id", String(person.id));
    parts.set("text", "by parts");
    parts.set("method", "sendMessage");
    isSaid(await ask(`${root}/`, { method: "POST", body: parts }), "by parts");
  });
  it("query and body together; the query goes first", async () => {
    const reply = await ask(`${root}/sendMessage?chat_id=${person.id}`, {
      method: "POST",
      headers: json,
      body: JSON.stringify({ chat_id: 1, text: "merged" }),
    });
    isSaid(reply, "merged");
  });
  it("parameters in the query of a multipart POST, and a POST without body or type", async () => {
    const parts = new FormData();
    parts.set("nothing", "here");
    isSaid(await ask(`${root}/sendMessage?${say("queried")}`, { method: "POST", body: parts }), "queried");
    assert.equal((await ask(`${root}/getMe`, { method: "POST" })).status, 200);
  });
  it("unknown parameters are ignored", async () => {
    isSaid(await ask(`${root}/sendMessage?${say("a")}&fly=high&reply_to=x`), "a");
  });
  it("JSON that is none counts as arguments missing", async () => {
    for (const body of ["{", "[]", "7", '"x"', "null", '{"chat_id":']) {
      isRefused(
        await ask(`${root}/sendMessage`, { method: "POST", headers: json, body }),
        400,
        "Bad Request: chat_id is empty",
      );
    }
  });
  it("structured arguments are JSON text in forms and JSON in JSON", async () => {
    const entities = [{ type: "bold", offset: 0, length: 1 }];
    const inForm = await ask(
      `${root}/sendMessage?${say("b")}&entities=${encodeURIComponent(JSON.stringify(entities))}`,
    );
    const body = JSON.stringify({ chat_id: person.id, text: "b", entities });
    const inJson = await ask(`${root}/sendMessage`, { method: "POST", headers: json, body });
    for (const reply of [inForm, inJson]) {
      assert.deepEqual((reply.body.result as unknown as { entities: object }).entities, entities);
    }
  });
  it("a structured argument that is no JSON is refused by name", async () => {
    isRefused(
      await ask(`${root}/sendMessage?${say("a")}&reply_markup=%7B`),
      400,
      "Bad Request: can't parse reply keyboard markup JSON object",
    );
  });
  it("bodies in chunks, without a length, byte after byte", async () => {
    const bytes = new TextEncoder().encode(say("in chunks"));
    for (const size of [1, 5]) {
      const body = pieces(bytes, size);
      isSaid(
        await ask(`${root}/sendMessage`, { method: "POST", headers: form, body, duplex: "half" }),
        "in chunks",
      );
    }
  });
  it("multipart as frameworks write it: chunked, headers in lower case without spaces", async () => {
    const part = (name: string, value: string): string =>
      `--xyz\r\ncontent-disposition:form-data;name="${name}"\r\n\r\n${value}\r\n`;
    const text = `${part("chat_id", String(person.id))}${part("text", "lower")}--xyz--\r\n`;
    const body = pieces(new TextEncoder().encode(text), 3);
    const headers = { "content-type": "multipart/form-data; boundary=xyz" };
    isSaid(await ask(`${root}/sendMessage`, { method: "POST", headers, body, duplex: "half" }), "lower");
  });
  it("bodies packed with gzip and deflate; others are 415", async () => {
    for (const [encoding, packed] of [
      ["gzip", gzipSync(say("packed"))],
      ["deflate", deflateSync(say("packed"))],
      ["identity", Buffer.from(say("packed"))],
    ] as const) {
      const headers = { ...form, "content-encoding": encoding };
      const body = new Uint8Array(packed);
      isSaid(await ask(`${root}/sendMessage`, { method: "POST", headers, body }), "packed");
    }
    for (const encoding of ["br", "zstd", "gzip, gzip", "x"]) {
      const body = new Uint8Array(brotliCompressSync(say("packed")));
      const headers = { ...form, "content-encoding": encoding };
      isRefused(
        await ask(`${root}/sendMessage`, { method: "POST", headers, body }),
        415,
        "Unsupported Media Type",
      );
    }
  });
  it("what is packed and cannot be unpacked is the caller's fault", async () => {
    const headers = { ...form, "content-encoding": "gzip" };
    const body = "no gzip at all";
    isRefused(
      await ask(`${root}/sendMessage`, { method: "POST", headers, body }),
      400,
      "Bad Request: the body cannot be read",
    );
  });
  it("[L7] a little that unpacks to much is 413", async () => {
    const headers = { ...json, "content-encoding": "gzip" };
    const body = new Uint8Array(gzipSync(Buffer.alloc(60 * 1_048_576, 32)));
    isRefused(
      await ask(`${root}/sendMessage`, { method: "POST", headers, body }),
      413,
      "Request Entity Too Large",
    );
  });
  it("[L7] text beyond a mebibyte, and a body beyond a file of 50 MB, is 413", async () => {
    const long = { method: "POST", headers: form, body: `text=${"a".repeat(1_100_000)}` };
    isRefused(await ask(`${root}/sendMessage`, long), 413, "Request Entity Too Large");
    const parts = new FormData();
    parts.set("document", new Blob([new Uint8Array(53 * 1_048_576)]), "big");
    isRefused(
      await ask(`${root}/sendDocument`, { method: "POST", body: parts }),
      413,
      "Request Entity Too Large",
    );
  });
});

describe("how a call is answered", () => {
  it("the envelope, and status = error_code", async () => {
    const reply = await ask(`${root}/getMe`);
    const { result } = reply.body as unknown as { result: { id: number; is_bot: boolean; username: string } };
    assert.deepEqual(
      [reply.body.ok, result.id, result.is_bot, result.username],
      [true, botId, true, "transport_bot"],
    );
    assert.equal(reply.headers.get("content-type"), "application/json");
    isRefused(await ask(`${root}/sendMessage?chat_id=12345&text=a`), 400, "Bad Request: chat not found");
  });
  const texts: readonly (readonly [path: string, description: string])[] = [
    ["sendMessage?text=a", "Bad Request: chat_id is empty"],
    ["sendMessage?chat_id=@nobody&text=a", "Bad Request: chat not found"],
    ["sendMessage?chat_id=-999999&text=a", "Bad Request: chat not found"],
    [`sendMessage?chat_id=${person.id}`, "Bad Request: message text is empty"],
    [`sendMessage?chat_id=${person.id}&text=%20%0a`, "Bad Request: message text is empty"],
    [`sendMessage?${say("a")}&parse_mode=Fancy`, "Bad Request: unsupported parse_mode"],
    [
      `sendMessage?${say("<b>a")}&parse_mode=HTML`,
      `Bad Request: can't parse entities: Can't find end tag corresponding to start tag "b"`,
    ],
    [
      `sendMessage?${say("a.")}&parse_mode=MarkdownV2`,
      "Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
    ],
    [`sendMessage?${say("a")}&reply_to_message_id=999`, "Bad Request: message to be replied not found"],
    [
      `sendMessage?${say("a")}&reply_markup={"inline_keyboard":[[{"text":"a","callback_data":"${"x".repeat(65)}"}]]}`,
      "Bad Request: BUTTON_DATA_INVALID",
    ],
    [`editMessageText?chat_id=${person.id}&message_id=999&text=a`, "Bad Request: message to edit not found"],
    [`deleteMessage?chat_id=${person.id}&message_id=999`, "Bad Request: message to delete not found"],
    ["getFile?file_id=abc", "Bad Request: wrong file_id or the file is temporarily unavailable"],
    [
      "answerInlineQuery?inline_query_id=1",
      "Bad Request: query is too old and response timeout expired or query ID is invalid",
    ],
    ["setMyCommands?commands=[{}]", "Bad Request: BOT_COMMAND_INVALID"],
  ];
  it("Bad Request: message is too long", async () => {
    const body = say("a".repeat(4_097));
    const reply = await ask(`${root}/sendMessage`, { method: "POST", headers: form, body });
    isRefused(reply, 400, "Bad Request: message is too long");
    isSaid(
      await ask(`${root}/sendMessage`, { method: "POST", headers: form, body: say("a".repeat(4_096)) }),
      "a".repeat(4_096),
    );
  });
  for (const [path, description] of texts) {
    it(`${description} (${path.slice(0, 40)})`, async () =>
      isRefused(await ask(`${root}/${path}`), 400, description));
  }
  it("429 says when to come again, in its parameters and in a header", async () => {
    const limited = await openStage({
      limits: { take: () => Promise.resolve({ allowed: false, retryMs: 2_500, counted: [] }) },
    });
    try {
      const reply = await ask(`${limited.root}/getMe`);
      isRefused(reply, 429, "Too Many Requests: retry after 3");
      assert.equal(reply.body.parameters?.retry_after, 3);
      assert.equal(reply.headers.get("retry-after"), "3");
    } finally {
      await limited.close();
    }
  });
  it("a client that goes away in the middle costs nothing", async () => {
    const gone = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(randomBytes(100))),
    });
    const asked = ask(`${root}/sendDocument`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body,
      duplex: "half",
      signal: gone.signal,
    });
    setImmediate(() => gone.abort());
    await assert.rejects(asked);
    await stage.surface.idle();
  });
});

describe("Idempotency-Key", () => {
  it("[L3] a repeat is answered as the first time, and nothing happens twice", async () => {
    const headers = { "idempotency-key": "once" };
    const [one, other] = [
      await ask(`${root}/sendMessage?${say("once")}`, { headers }),
      await ask(`${root}/sendMessage?${say("once")}`, { headers }),
    ];
    isSaid(one, "once");
    assert.deepEqual(other.body, one.body);
    const without = await ask(`${root}/sendMessage?${say("once")}`);
    assert.notDeepEqual(without.body, one.body);
  });
  it("[L3] a name is for one call; a refusal is not kept, for nothing was done", async () => {
    const headers = { "idempotency-key": "another" };
    const refused = await ask(`${root}/sendMessage?chat_id=${person.id}`, { headers });
    isRefused(refused, 400, "Bad Request: message text is empty");
    isSaid(await ask(`${root}/sendMessage?${say("at last")}`, { headers }), "at last");
    const other = await ask(`${root}/setMyName?name=a`, { headers });
    isRefused(other, 409, "Conflict: the Idempotency-Key was used for another request");
    const read = await ask(`${root}/getMe`, { headers });
    assert.equal(read.status, 200);
  });
  it("answers older than a day go when others come", async () => {
    const { store } = stage.edge;
    await ask(`${root}/setMyName?name=a`, { headers: { "idempotency-key": "old" } });
    await store.query("update bot_answer set created_ms = 0 where key = 'old'");
    await ask(`${root}/setMyName?name=b`, { headers: { "idempotency-key": "new" } });
    const { rows } = await store.query("select key from bot_answer where key in ('old', 'new')");
    assert.deepEqual(rows, [{ key: "new" }]);
  });
  it("a key that is none is refused", async () => {
    const reply = await ask(`${root}/getMe`, { headers: { "idempotency-key": "a b" } });
    isRefused(reply, 400, "Bad Request: invalid Idempotency-Key");
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAckSubject } from "../src/ack-subject.ts";

const place = { streamSeq: 421, consumerSeq: 17, timeMs: 1_795_203_961_760, pending: 3 };

test("the subject of a server without domains is parsed", () => {
  assert.deepEqual(parseAckSubject("$JS.ACK.cmd0.abc.1.421.17.1795203961760999999.3"), place);
});

test("the subject with domain and account is parsed, with and without its random token", () => {
  const long = "$JS.ACK.hub.ACCHASH.cmd0.abc.1.421.17.1795203961760999999.3";
  assert.deepEqual(parseAckSubject(long), place);
  assert.deepEqual(parseAckSubject(`${long}.r4nd0m`), place);
});

test("a subject cut anywhere is no place", () => {
  const whole = "$JS.ACK.cmd0.abc.1.421.17.1795203961760999999.3";
  for (let length = 0; length < whole.lastIndexOf("."); length++) {
    assert.equal(parseAckSubject(whole.slice(0, length)), null, whole.slice(0, length));
  }
});

test("a subject that is something else is no place", () => {
  for (const subject of [
    "",
    "$JS.FC.cmd0.abc.xyz1",
    "_INBOX.abc.1",
    "$JS.ACK.cmd0.abc.1.x.17.1795203961760999999.3",
    "$JS.ACK.cmd0.abc.1.421.17.1795203961760999999.3.4",
  ]) {
    assert.equal(parseAckSubject(subject), null, subject);
  }
});

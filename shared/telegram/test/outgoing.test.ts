import assert from "node:assert/strict";
import { test } from "node:test";
import { callOf } from "../src/mod.ts";

test("a keyboard is inline, in place of one's own, or taken away", () => {
  const markup = (keyboard: NonNullable<Parameters<typeof callOf>[1]["keyboard"]>): unknown =>
    callOf(5, { kind: "text", body: "?", keyboard }).params["reply_markup"];
  const buttons = [{ text: "Yes", data: "y" }, { text: "Site", url: "https://a.b" }, { text: "Me" }];
  assert.deepEqual(markup({ rows: [{ buttons }] }), {
    inline_keyboard: [
      [
        { text: "Yes", callback_data: "y" },
        { text: "Site", url: "https://a.b" },
        { text: "Me", callback_data: "-" },
      ],
    ],
  });
  const rows = [{ buttons: [{ text: "My number", request: "contact" as const }, { text: "Back" }] }];
  assert.deepEqual(markup({ rows, place: "reply" }), {
    keyboard: [[{ text: "My number", request_contact: true }, { text: "Back" }]],
    resize_keyboard: true,
  });
  assert.deepEqual(markup({ rows: [], place: "removed" }), { remove_keyboard: true });
});

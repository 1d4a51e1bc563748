/**
 * Every method of the Bot API surface on real chats: answers and updates as Telegram documents them, a repeat under the same
 * Idempotency-Key answered as at first and done once; what is not there is 404.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type {
  TelegramChatAdministratorRights,
  TelegramChatFullInfo,
  TelegramChatInviteLink,
  TelegramChatMember,
  TelegramFile,
  TelegramMessage,
  TelegramMessageId,
  TelegramPoll,
  TelegramUpdate,
} from "@gramio/types/objects";
import { askClusterDatabase, malformedCall, openRandom } from "@rookery/kit";
import { type BotCaller, openBotCaller } from "./bot-method/bot-caller.ts";
import { readTelegramTypes } from "./bot-method/telegram-type.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { picture, report } from "./framework/specimen.ts";
import { openTalk, type Talk } from "./framework/story.ts";
import { createGroup, expect, type Person, readHistory, register } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

const types = readTelegramTypes();
const dot = { name: "dot.png", bytes: picture };
const words = { name: "words.txt", bytes: report };

/** TELEGRAM.md, section 6, all that is not of updates, which `native-bot` tells of. */
const firstWave = `getMe getFile logOut close sendMessage sendPhoto sendDocument sendVideo sendAudio sendVoice sendAnimation
  sendSticker sendMediaGroup sendLocation sendVenue sendContact sendPoll sendDice sendChatAction forwardMessage copyMessage
  editMessageText editMessageCaption editMessageMedia editMessageReplyMarkup deleteMessage deleteMessages stopPoll
  setMessageReaction getChat getChatMember getChatMemberCount getChatAdministrators banChatMember unbanChatMember
  pinChatMessage unpinChatMessage setMyCommands getMyCommands deleteMyCommands getUserProfilePhotos setChatMenuButton
  getChatMenuButton setMyName getMyName setMyDescription getMyDescription setMyShortDescription getMyShortDescription`;
const secondWave = `sendVideoNote forwardMessages copyMessages restrictChatMember promoteChatMember leaveChat setChatTitle
  unpinAllChatMessages setChatDescription setChatPhoto deleteChatPhoto setChatPermissions setChatAdministratorCustomTitle
  exportChatInviteLink createChatInviteLink editChatInviteLink revokeChatInviteLink approveChatJoinRequest
  declineChatJoinRequest editMessageLiveLocation stopMessageLiveLocation sendMessageDraft deleteMessageReaction
  deleteAllMessageReactions setMyDefaultAdministratorRights getMyDefaultAdministratorRights getForumTopicIconStickers`;
/** A group of ours is no forum. */
const topics = `createForumTopic editForumTopic closeForumTopic reopenForumTopic deleteForumTopic unpinAllForumTopicMessages
  editGeneralForumTopic closeGeneralForumTopic reopenGeneralForumTopic hideGeneralForumTopic unhideGeneralForumTopic
  unpinAllGeneralForumTopicMessages`;
/** Tested with updates, or refused to everybody. */
const elsewhere =
  "getUpdates setWebhook deleteWebhook getWebhookInfo answerCallbackQuery answerInlineQuery sendInvoice";
/** With that of making others administrators, which none has who was not given it. */
const everyRight = [
  "manage_chat",
  "delete_messages",
  "restrict_members",
  "promote_members",
  "change_info",
  "invite_users",
  "pin_messages",
];
const everything = Object.fromEntries(
  [
    "messages",
    "audios",
    "documents",
    "photos",
    "videos",
    "video_notes",
    "voice_notes",
    "polls",
    "other_messages",
  ].map((what) => [`can_send_${what}`, true]),
);
const free = { ...everything, can_add_web_page_previews: true, can_invite_users: true };
const named = (list: string): string[] => list.split(/\s+/);

describe("methods of the Bot API surface", () => {
  let cluster: Cluster;
  let ada: Person;
  let bob: Person;
  let socket: Socket;
  let talk: Talk;
  let bot: BotCaller;
  let token: string;
  let groupId: number;
  let chat_id: number;
  let group: { chat_id: number };

  let dotFileId: string | undefined;
  let offset = 0;
  const heard: TelegramUpdate[] = [];
  /** The first update of a kind, as documented as all before it. */
  const hear = async (
    kind: keyof TelegramUpdate,
    test: (update: TelegramUpdate) => boolean = () => true,
  ): Promise<TelegramUpdate> => {
    for (let turns = 0; turns < 50; turns++) {
      const found = heard.find((each) => each[kind] !== undefined && test(each));
      if (found !== undefined) return found;
      const { result } = await bot.call("getUpdates", { offset, timeout: 5 });
      for (const update of result as TelegramUpdate[]) {
        assert.deepEqual(types.checkUpdate(update), []);
        offset = update.update_id + 1;
        heard.push(update);
      }
    }
    throw new Error(`no ${kind} among ${heard.map((each) => Object.keys(each)[1]).join(", ")}`);
  };

  before(async () => {
    cluster = await openCluster({ env: { WEBHOOK_ALLOW_PRIVATE: "true" } });
    const { base } = cluster;
    const people = await Promise.all(["owner", "ada", "bob"].map((name) => register(base, name)));
    const [owner, ...others] = people as [Person, Person, Person];
    [ada, bob] = others;
    socket = await openSocket({ base, token: ada.token });
    const opened = await openTalk({ base, owner, person: ada, socket, username: "methods_bot" });
    talk = opened;
    token = opened.token;
    bot = openBotCaller(`${base}/bot${token}`, types, () =>
      askClusterDatabase(cluster, "delete from bot_answer"),
    );
    await bot.call("getUpdates", {
      allowed_updates: [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "chat_member",
        "message_reaction",
        "poll",
        "poll_answer",
        "chat_join_request",
        "inline_query",
        "chosen_inline_result",
      ],
    });
    ({ id: groupId } = await createGroup(base, owner, others, "A group"));
    const manage = { token: owner.token, body: { userIds: [talk.botId] } };
    await expect(200, base, "POST", `/v1/chats/${groupId}/invite`, manage);
    const path = `/v1/chats/${groupId}/members/${talk.botId}`;
    const rank = { role: "admin", rights: everyRight };
    await expect(200, base, "PATCH", path, { token: owner.token, body: rank });
    chat_id = ada.userId;
    group = { chat_id: -groupId };
  });
  after(async () => {
    await socket?.close();
    await cluster?.close();
  });

  it("of itself", async () => {
    await bot.done("getMe");
    await bot.done("logOut");
    await bot.done("close");
    const commands = [{ command: "go", description: "Goes" }];
    for (const scope of [
      { type: "default" },
      { type: "all_group_chats" },
      { type: "chat", ...group },
      { type: "chat_member", ...group, user_id: ada.userId },
    ]) {
      await bot.done("setMyCommands", { commands, scope, language_code: "de" });
      assert.deepEqual(await bot.done("getMyCommands", { scope, language_code: "de" }), commands);
      assert.deepEqual(await bot.done("getMyCommands", { scope }), []);
      await bot.done("deleteMyCommands", { scope, language_code: "de" });
      assert.deepEqual(await bot.done("getMyCommands", { scope, language_code: "de" }), []);
    }
    for (const [what, field] of [
      ["Name", "name"],
      ["Description", "description"],
      ["ShortDescription", "short_description"],
    ]) {
      await bot.done(`setMy${what}`, { [String(field)]: "Words" });
      assert.deepEqual(await bot.done(`getMy${what}`), { [String(field)]: "Words" });
    }
    await bot.done("setChatMenuButton", { chat_id, menu_button: { type: "commands" } });
    assert.deepEqual(await bot.done("getChatMenuButton", { chat_id }), { type: "commands" });
    await bot.done("getUserProfilePhotos", { user_id: chat_id });
    const rights = { can_manage_chat: true, can_pin_messages: true };
    await bot.done("setMyDefaultAdministratorRights", { rights });
    const own = await bot.done<TelegramChatAdministratorRights>("getMyDefaultAdministratorRights");
    assert.deepEqual(
      [own.can_manage_chat, own.can_pin_messages, own.can_delete_messages],
      [true, true, false],
    );
    const others = await bot.done<TelegramChatAdministratorRights>("getMyDefaultAdministratorRights", {
      for_channels: true,
    });
    assert.equal(others.can_manage_chat, false);
  });

  it("sends of every kind: each is one message", async () => {
    const before = (await readHistory(cluster.base, ada, talk.chatId)).items.length;
    const first = await bot.done("sendMessage", { chat_id, text: "*bold* _and_", parse_mode: "Markdown" });
    assert.equal(first.text, "bold and");
    const photo = await bot.done("sendPhoto", { chat_id, photo: dot, caption: "a dot", has_spoiler: true });
    assert.deepEqual([photo.photo?.[0]?.width, photo.has_media_spoiler, photo.caption], [1, true, "a dot"]);
    dotFileId = photo.photo?.[0]?.file_id;
    const document = await bot.done("sendDocument", { chat_id, document: words });
    const again = await bot.done("sendDocument", { chat_id, document: document.document?.file_id });
    assert.equal(again.document?.file_unique_id, document.document?.file_unique_id);
    for (const kind of ["video", "audio", "voice", "animation", "sticker", "video_note"]) {
      const method = `send${kind.replaceAll(/(^|_)(\w)/g, (_, _gap, letter: string) => letter.toUpperCase())}`;
      const sent = await bot.done(method, {
        chat_id,
        [kind]: "attach://file",
        file: dot,
        duration: 3,
        length: 4,
      });
      assert.ok(kind in sent, kind);
    }
    const media = [
      { type: "photo", media: "attach://one", caption: "<i>one</i>", parse_mode: "HTML" },
      { type: "photo", media: photo.photo?.[0]?.file_id },
    ];
    const album = await bot.done<TelegramMessage[]>("sendMediaGroup", { chat_id, media, one: dot });
    assert.equal(new Set(album.map((each) => each.media_group_id)).size, 1);
    await bot.done("sendLocation", { chat_id, latitude: 41.3, longitude: 69.2 });
    await bot.done("sendVenue", {
      chat_id,
      latitude: 41.3,
      longitude: 69.2,
      title: "Home",
      address: "Street",
    });
    await bot.done("sendContact", { chat_id, phone_number: "+1", first_name: "A" });
    await bot.done("sendPoll", { chat_id, question: "?", options: ["a", { text: "b" }] });
    const dice = await bot.done("sendDice", { chat_id });
    assert.ok((dice.dice?.value ?? 0) >= 1);
    await bot.done("sendChatAction", { chat_id, action: "typing" });
    await bot.done("forwardMessage", { chat_id, from_chat_id: chat_id, message_id: first.message_id });
    await bot.done("copyMessage", { ...group, from_chat_id: chat_id, message_id: photo.message_id });
    const message_ids = [first.message_id, photo.message_id];
    const from_chat_id = chat_id;
    const copies = await bot.done<TelegramMessageId[]>("copyMessages", {
      ...group,
      from_chat_id,
      message_ids,
    });
    assert.equal(copies.length, 2);
    await bot.done<TelegramMessageId[]>("forwardMessages", { ...group, from_chat_id, message_ids });
    const file = await bot.done<TelegramFile>("getFile", { file_id: document.document?.file_id });
    const response = await fetch(`${cluster.base}/file/bot${token}/${file.file_path}`);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), report);
    // Each call was made twice.
    const { items } = await readHistory(cluster.base, ada, talk.chatId);
    assert.equal(items.length - before, 4 + 6 + 2 + 5 + 1);
  });

  it("changes of what was sent", async () => {
    const { message_id } = await bot.done("sendMessage", { chat_id, text: "one" });
    const at = { chat_id, message_id };
    const edited = await bot.done("editMessageText", { ...at, text: "two" });
    assert.deepEqual([edited.text, typeof edited.edit_date], ["two", "number"]);
    const notModified =
      "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message";
    await bot.refused("editMessageText", { ...at, text: "two" }, notModified);
    await bot.done("editMessageReplyMarkup", {
      ...at,
      reply_markup: { inline_keyboard: [[{ text: "A", callback_data: "a" }]] },
    });
    const photo = await bot.done("sendPhoto", { chat_id, photo: dot });
    const aimed = { chat_id, message_id: photo.message_id };
    await bot.done("editMessageCaption", { ...aimed, caption: "words" });
    const media = { type: "document", media: "attach://file" };
    const changed = await bot.done("editMessageMedia", { ...aimed, media, file: words });
    assert.equal(changed.document?.file_name, "words.txt");
    await bot.done("setMessageReaction", { ...at, reaction: [{ type: "emoji", emoji: "👍" }] });
    await bot.done("setMessageReaction", { ...at, reaction: [] });
    await bot.done("pinChatMessage", {
      ...group,
      message_id: (await bot.done("sendMessage", { ...group, text: "pin" })).message_id,
    });
    await bot.done("getChat", group);
    await bot.done("unpinChatMessage", group);
    await bot.done("unpinAllChatMessages", group);
    const poll = await bot.done("sendPoll", { ...group, question: "?", options: ["a", "b"] });
    socket.send({ type: "Vote", uuid: "vote", chatId: groupId, seq: poll.message_id, options: [1] });
    await socket.frame("Ack", ({ uuid }) => uuid === "vote");
    const closed = await bot.done<TelegramPoll>("stopPoll", { ...group, message_id: poll.message_id });
    assert.deepEqual([closed.is_closed, closed.options[1]?.voter_count], [true, 1]);
    await bot.done("deleteMessage", at);
    await bot.refused(
      "deleteMessage",
      { chat_id, message_id: 99_999 },
      "Bad Request: message to delete not found",
    );
    await bot.done("deleteMessages", { chat_id, message_ids: [photo.message_id, 99_999] });
  });

  it("what is only for a while: live places, drafts, reactions; and what is nowhere here", async () => {
    const place = { latitude: 41.3, longitude: 69.2 };
    const sent = await bot.done("sendLocation", { chat_id, ...place, live_period: 600, heading: 90 });
    assert.deepEqual([sent.location?.live_period, sent.location?.heading], [600, 90]);
    const at = { chat_id, message_id: sent.message_id };
    const moved = await bot.done("editMessageLiveLocation", { ...at, ...place, latitude: 41.4 });
    assert.deepEqual([moved.location?.latitude, moved.location?.live_period], [41.4, 600]);
    const stopped = await bot.done("stopMessageLiveLocation", at);
    assert.equal(stopped.location?.live_period, undefined);
    const over = "Bad Request: message can't be edited";
    await bot.refused("editMessageLiveLocation", { ...at, ...place }, over);
    const still = await bot.done("sendLocation", { chat_id, ...place });
    const none = "Bad Request: there is no live location in the message to edit";
    await bot.refused("editMessageLiveLocation", { ...at, message_id: still.message_id, ...place }, none);

    await bot.done("sendMessageDraft", { chat_id, draft_id: 7, text: "*so* far", parse_mode: "Markdown" });
    const draft = await socket.frame("Draft");
    const { chatId, userId, draftId, body } = draft;
    assert.deepEqual([chatId, userId, draftId, body], [talk.chatId, talk.botId, 7, "so far"]);

    const { message_id: seq } = await bot.done("sendMessage", { ...group, text: "react" });
    const react = async (uuid: string, emoji: string) => {
      socket.send({ type: "React", uuid, chatId: groupId, seq, emoji });
      await socket.frame("Ack", (frame) => frame.uuid === uuid);
    };
    const reactions = async () => {
      const { items } = await readHistory(cluster.base, ada, groupId, seq - 1);
      return items.find((each) => each.seq === seq)?.reactions;
    };
    await react("one", "👍");
    await react("two", "🎉");
    const hers = { ...group, user_id: ada.userId };
    await bot.done("deleteMessageReaction", { ...hers, message_id: seq });
    assert.deepEqual(await reactions(), {});
    await react("three", "👍");
    await bot.done("deleteAllMessageReactions", hers);
    assert.deepEqual(await reactions(), {});

    for (const name of named(topics)) {
      await bot.refused(
        name,
        { ...group, name: "a", message_thread_id: 1 },
        "Bad Request: the chat is not a forum",
      );
    }
    assert.deepEqual(await bot.done<unknown[]>("getForumTopicIconStickers"), []);
    await bot.refused("sendInvoice", group, "Bad Request: PAYMENT_PROVIDER_INVALID");
    const mixed = [
      { type: "document", media: "attach://one" },
      { type: "photo", media: "attach://two" },
    ];
    const refusal = "Bad Request: documents can't be mixed with other media types";
    await bot.refused("sendMediaGroup", { chat_id, media: mixed, one: words, two: dot }, refusal);
  });

  it("chats and who is in them", async () => {
    const user = { ...group, user_id: bob.userId };
    await bot.done("getChat", { chat_id });
    assert.equal((await bot.done<{ status: string }>("getChatMember", user)).status, "member");
    assert.equal(await bot.done<number>("getChatMemberCount", group), 4);
    await bot.done("getChatAdministrators", { ...group, return_bots: true });
    const statusOf = async () => (await bot.done<TelegramChatMember>("getChatMember", user)).status;
    await bot.done("restrictChatMember", { ...user, permissions: { can_send_messages: false } });
    assert.equal(await statusOf(), "restricted");
    await bot.done("restrictChatMember", { ...user, permissions: free });
    assert.equal(await statusOf(), "member");
    await bot.done("banChatMember", user);
    assert.equal(await statusOf(), "kicked");
    await bot.done("unbanChatMember", { ...user, only_if_banned: true });
    assert.equal(await statusOf(), "left");
    await bot.done("setChatTitle", { ...group, title: "Another title" });
  });

  it("administers: what a chat is, what it allows, who leads it", async () => {
    const { base } = cluster;
    await expect(200, base, "POST", `/v1/chats/${groupId}/invite`, {
      token: ada.token,
      body: { userIds: [bob.userId] },
    });
    await bot.done("setChatDescription", { ...group, description: "About us" });
    await bot.done("setChatPhoto", { ...group, photo: dot });
    const full = await bot.done<TelegramChatFullInfo>("getChat", group);
    assert.equal(full.description, "About us");
    await bot.done<TelegramFile>("getFile", { file_id: full.photo?.big_file_id });
    const shown = await expect<{ description: string; photo: { fileId: string } }>(
      200,
      base,
      "GET",
      `/v1/chats/${groupId}`,
      { token: bob.token },
    );
    assert.equal(shown.description, "About us");
    const headers = { authorization: `Bearer ${bob.token}` };
    const picture = await fetch(`${base}/v1/files/${shown.photo.fileId}`, { headers });
    assert.deepEqual(Buffer.from(await picture.arrayBuffer()), dot.bytes);
    await bot.done("deleteChatPhoto", group);
    assert.equal((await bot.done<TelegramChatFullInfo>("getChat", group)).photo, undefined);

    const send = async (status: number, kind: string) => {
      const attachments = [{ fileId: shown.photo.fileId, kind }];
      const body = kind === "text" ? { body: "words" } : { body: "", kind, attachments };
      await expect(status, base, "POST", `/v1/chats/${groupId}/messages`, { token: bob.token, body });
    };
    await bot.done("setChatPermissions", {
      ...group,
      permissions: { can_send_messages: true },
      use_independent_chat_permissions: true,
    });
    await send(201, "text");
    await send(403, "photo");
    const { permissions } = await bot.done<TelegramChatFullInfo>("getChat", group);
    assert.deepEqual([permissions?.can_send_messages, permissions?.can_send_photos], [true, false]);
    await bot.done("setChatPermissions", { ...group, permissions: free });
    await send(201, "photo");
    const user = { ...group, user_id: bob.userId };
    const until_date = Math.floor(Date.now() / 1_000) + 3_600;
    await bot.done("restrictChatMember", { ...user, permissions: { can_send_messages: false }, until_date });
    await send(403, "text");
    const member = await bot.done<TelegramChatMember>("getChatMember", user);
    assert.equal(member.status === "restricted" && member.until_date, until_date);
    await bot.done("restrictChatMember", { ...user, permissions: free });
    await send(201, "text");

    const lead = { ...group, user_id: ada.userId };
    await bot.refused(
      "setChatAdministratorCustomTitle",
      { ...lead, custom_title: "chief" },
      "Bad Request: user is not an administrator",
    );
    await bot.done("promoteChatMember", { ...lead, can_pin_messages: true });
    await bot.done("setChatAdministratorCustomTitle", { ...lead, custom_title: "chief" });
    const leaders = await bot.done<TelegramChatMember[]>("getChatAdministrators", group);
    const chief = leaders.find((each) => each.user.id === ada.userId);
    assert.ok(chief?.status === "administrator");
    assert.deepEqual(
      [chief.custom_title, chief.can_be_edited, chief.can_pin_messages, chief.can_restrict_members],
      ["chief", true, true, false],
    );
    await bot.done("promoteChatMember", lead);
    const before = await bot.done<TelegramChatMember>("getChatMember", lead);
    assert.equal(before.status, "member");
  });

  it("people come by links, and ask to be let in", async () => {
    const { base } = cluster;
    const code = (url: string): string => url.slice(url.lastIndexOf("/") + 1);
    const [one, two, three] = (await Promise.all(
      ["one", "two", "three"].map((name) => register(base, name)),
    )) as [Person, Person, Person];
    const follow = async (status: number, person: Person, url: string) =>
      await expect<{ state: string; chatId: number }>(status, base, "POST", `/v1/invites/${code(url)}`, {
        token: person.token,
      });
    const primary = await bot.done<string>("exportChatInviteLink", group);
    assert.equal((await bot.done<TelegramChatFullInfo>("getChat", group)).invite_link, primary);
    const joined = await openSocket({ base, token: one.token });
    joined.send({ type: "Join", uuid: "join", code: code(primary) });
    const { state, chatId } = await joined.frame("Joined", ({ uuid }) => uuid === "join");
    assert.deepEqual([state, chatId], ["joined", groupId]);
    await joined.close();
    const next = await bot.done<string>("exportChatInviteLink", group);
    await follow(404, two, primary);

    const expire_date = Math.floor(Date.now() / 1_000) + 3_600;
    const made = await bot.done<TelegramChatInviteLink>("createChatInviteLink", {
      ...group,
      name: "few",
      expire_date,
      member_limit: 1,
    });
    assert.deepEqual([made.name, made.expire_date, made.member_limit], ["few", expire_date, 1]);
    const seen = await expect<{ title: string; asks: boolean }>(
      200,
      base,
      "GET",
      `/v1/invites/${code(made.invite_link)}`,
      {
        token: two.token,
      },
    );
    assert.deepEqual([seen.title, seen.asks], ["Another title", false]);
    assert.equal((await follow(200, two, made.invite_link)).state, "joined");
    await follow(404, three, made.invite_link);
    const edited = await bot.done<TelegramChatInviteLink>("editChatInviteLink", {
      ...group,
      invite_link: made.invite_link,
      creates_join_request: true,
    });
    assert.deepEqual([edited.creates_join_request, edited.member_limit], [true, undefined]);

    const who = { ...group, user_id: three.userId };
    await bot.refused("approveChatJoinRequest", who, "Bad Request: HIDE_REQUESTER_MISSING");
    assert.equal((await follow(200, three, made.invite_link)).state, "asked");
    await bot.done("declineChatJoinRequest", who);
    assert.equal((await follow(200, three, made.invite_link)).state, "asked");
    await bot.done("approveChatJoinRequest", who);
    assert.equal((await bot.done<TelegramChatMember>("getChatMember", who)).status, "member");
    const revoked = await bot.done<TelegramChatInviteLink>("revokeChatInviteLink", {
      ...group,
      invite_link: next,
    });
    assert.equal(revoked.is_revoked, true);
  });

  it("updates are as Telegram documents them", async () => {
    const { chatId } = talk;
    const { message_id: seq } = await bot.done("sendMessage", {
      chat_id,
      text: "press",
      reply_markup: { inline_keyboard: [[{ text: "A", callback_data: "a" }]] },
    });
    await socket.say(chatId, "say", "mail me@example.org or see https://example.org #tag");
    const mine = socket.acks.get("say")?.seq ?? 0;
    for (const frame of [
      { type: "EditMessage", uuid: "edit", chatId, seq: mine, body: "edited" },
      { type: "React", uuid: "react", chatId, seq, emoji: "👍" },
      {
        type: "SendMessage",
        uuid: "place",
        chatId,
        body: "",
        kind: "location",
        location: { latitude: 1, longitude: 2 },
      },
    ]) {
      socket.send(frame);
      await socket.frame("Ack", ({ uuid }) => uuid === frame.uuid);
    }
    socket.send({ type: "Callback", uuid: "press", chatId, seq, data: "a" });
    const wanted = [
      "message",
      "edited_message",
      "callback_query",
      "my_chat_member",
      "message_reaction",
      "poll_answer",
      "chat_member",
      "chat_join_request",
    ] as const;
    for (const kind of wanted) await hear(kind);
  });

  it("offers what somebody asks for in inline mode, wherever they are", async () => {
    const about = { type: "InlineQuery", bot: "methods_bot", query: "tea" };
    const offered = async (asking: Socket, uuid: string) =>
      await asking.frame("InlineResults", (frame) => frame.uuid === uuid, { withinMs: 60_000 });
    const input_message_content = { message_text: "*some* tea", parse_mode: "Markdown" };
    const article = { type: "article", id: "a", title: "Words", input_message_content };
    const many = Array.from({ length: 51 }, (_, id) => ({ ...article, id: `${id}` }));
    for (const [results, words] of [
      [
        [{ type: "gift", id: "a" }],
        `can't parse inline query result: type "gift" is unsupported for the inline query result`,
      ],
      [[{ ...article, id: "" }], "RESULT_ID_EMPTY"],
      [[{ ...article, title: "" }], "ARTICLE_TITLE_EMPTY"],
      [[article, article], "RESULT_ID_DUPLICATE"],
      [many, "too many inline query results specified"],
    ] as const) {
      await bot.refused("answerInlineQuery", { inline_query_id: "1", results }, `Bad Request: ${words}`);
    }
    const reply_markup = { inline_keyboard: [[{ text: "A", callback_data: "a" }]] };
    const results = [
      { ...article, reply_markup },
      { type: "photo", id: "b", photo_file_id: dotFileId, caption: "a dot" },
      { type: "venue", id: "c", latitude: 1, longitude: 2, title: "Home", address: "Street" },
    ];
    let uuid = "";
    let inline_query_id = "";
    const asked = new Set<string>();
    // A bot has 10 s; on a machine that has no time for it, it is asked again.
    for (let tries = 0, isAnswered = false; tries < 5 && !isAnswered; tries++) {
      uuid = `ask-${tries}`;
      socket.send({ ...about, uuid });
      const isNew = ({ inline_query: each }: TelegramUpdate) => each !== undefined && !asked.has(each.id);
      const { inline_query: query } = await hear("inline_query", isNew);
      assert.deepEqual([query?.query, query?.offset, query?.from.id], ["tea", "", ada.userId]);
      inline_query_id = query?.id ?? "";
      asked.add(inline_query_id);
      const said = { inline_query_id, results, next_offset: "more" };
      isAnswered = (await bot.call("answerInlineQuery", said)).ok;
    }
    const { queryId, results: shown, nextOffset } = await offered(socket, uuid);
    const told = shown.map(({ id, title }) => `${id} ${title}`);
    assert.deepEqual([told, nextOffset], [["a Words", "b undefined", "c Home"], "more"]);
    const tooOld = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    await bot.refused("answerInlineQuery", { inline_query_id, results: [] }, tooOld);

    const choose = async (resultId: string) => {
      const uuid = `choose-${resultId}`;
      socket.send({ type: "ChooseInline", uuid, chatId: groupId, queryId, resultId });
      const { seq } = await socket.frame("Ack", (frame) => frame.uuid === uuid);
      const { chosen_inline_result: chosen } = await hear(
        "chosen_inline_result",
        (update) => update.chosen_inline_result?.result_id === resultId,
      );
      return { seq, chosen };
    };
    const { seq, chosen } = await choose("a");
    assert.deepEqual([chosen?.query, chosen?.from.id], ["tea", ada.userId]);
    const venue = await choose("c");
    assert.equal(venue.chosen?.inline_message_id, undefined);
    const { items } = await readHistory(cluster.base, ada, groupId);
    const message = items.find((each) => each.seq === seq);
    assert.deepEqual(
      [message?.body, message?.viaBotId, message?.senderId],
      ["some tea", talk.botId, ada.userId],
    );
    const photo = await choose("b");
    const { items: more } = await readHistory(cluster.base, ada, groupId, photo.seq - 1);
    assert.deepEqual([more[0]?.kind, more[0]?.attachments.length], ["photo", 1]);
    const inline_message_id = chosen?.inline_message_id;
    const change = { inline_message_id, text: "coffee", reply_markup };
    assert.equal(await bot.done<boolean>("editMessageText", change), true);
    await socket.frame("MessageEdited", (frame) => frame.seq === seq && frame.body === "coffee");
    socket.send({ type: "Callback", uuid: "inline-press", chatId: groupId, seq, data: "a" });
    const isInline = ({ callback_query: each }: TelegramUpdate) => each?.inline_message_id !== undefined;
    const { callback_query: pressed } = await hear("callback_query", isInline);
    assert.equal(pressed?.inline_message_id, inline_message_id);
    const wrong = { inline_message_id: "I1_1", text: "a" };
    await bot.refused("editMessageText", wrong, "Bad Request: MESSAGE_ID_INVALID");

    // Whoever asks the same meanwhile is answered the same, and the bot is not asked.
    const other = await openSocket({ base: cluster.base, token: bob.token });
    other.send({ ...about, uuid: "again" });
    assert.equal((await offered(other, "again")).queryId, queryId);
    await other.close();
    socket.send({ ...about, uuid: "nobody", bot: "nobody_bot" });
    const refused = await socket.frame("Error", (frame) => frame.uuid === "nobody");
    assert.equal(refused.code, "not_found");
  });

  it("[F] malformed calls upon real chats are never 5xx", async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = openRandom(seed);
    const methods = types.methods.filter((name) => name !== "leaveChat" && !/webhook/i.test(name));
    const target = { token, chatIds: [chat_id, -groupId], methods };
    const wrong: string[] = [];
    for (let count = 0; count < 300; count++) {
      const { bytes, cut, what } = malformedCall(random, target);
      if (cut !== undefined) continue;
      const text = bytes.toString("latin1");
      const [head = ""] = text.split("\r\n\r\n");
      const [line = "", ...headers] = head.split("\r\n");
      if (!line.startsWith("POST ") || /transfer-encoding/.test(head)) continue;
      const response = await fetch(cluster.base + (line.split(" ")[1] ?? ""), {
        method: "POST",
        headers: headers.flatMap((each): [string, string][] => {
          const [name = "", value = ""] = each.split(/: (.*)/);
          return /^(content-type|content-encoding)$/.test(name) ? [[name, value]] : [];
        }),
        body: new Uint8Array(bytes.subarray(head.length + 4)),
        signal: AbortSignal.timeout(60_000),
      });
      const answer = await response.text();
      if (response.status >= 500)
        wrong.push(`${what}: ${response.status} ${answer}\n${text.slice(0, 1_000)}`);
    }
    assert.deepEqual(wrong, [], `seed ${seed}`);
  });

  it("leaves, and is told that it is gone", async () => {
    await bot.done("leaveChat", group);
    await bot.refused(
      "sendMessage",
      { ...group, text: "a" },
      "Forbidden: bot was kicked from the group chat",
    );
  });

  it("all that are promised are there, all others 404", async () => {
    const promised = [...named(firstWave), ...named(secondWave)];
    assert.deepEqual(
      promised.filter((name) => !bot.called.has(name)),
      [],
    );
    const known = new Set(
      [...promised, ...named(elsewhere), ...named(topics)].map((name) => name.toLowerCase()),
    );
    for (const name of types.methods.filter((each) => !known.has(each.toLowerCase()))) {
      const { error_code: code, description } = await bot.call(name);
      const isThere = code !== 404;
      if (!isThere) assert.equal(description, "Not Found: method not found", name);
      else assert.ok((code ?? 200) < 500, name);
    }
  });
});

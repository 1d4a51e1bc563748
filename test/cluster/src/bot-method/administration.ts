/** Chats, who is in them, who leads them, and how people come. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type {
  TelegramChatFullInfo,
  TelegramChatInviteLink,
  TelegramChatMember,
  TelegramFile,
} from "@gramio/types/objects";
import { createGroup, expect, type Person, register } from "../rest.ts";
import { openSocket } from "../socket.ts";
import { dot, type MethodStage } from "./method-stage.ts";

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

export function botsAdminister(stage: () => MethodStage): void {
  it("chats and who is in them", async () => {
    const { bob, bot, chat_id, group } = stage();
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
    const { cluster, ada, bob, bot, groupId, group } = stage();
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

  it("a bot of ours that is made an administrator may what it asks for, where nobody says what", async () => {
    const { cluster, owner, ada, talk, bot } = stage();
    const { base } = cluster;
    const { id } = await createGroup(base, owner, [ada], "Another group");
    const invitation = { token: owner.token, body: { userIds: [talk.botId] } };
    await expect(200, base, "POST", `/v1/chats/${id}/invite`, invitation);
    const lead = async (userId: number) => {
      const rank = { token: owner.token, body: { role: "admin" } };
      await expect(200, base, "PATCH", `/v1/chats/${id}/members/${userId}`, rank);
      const at = { chat_id: -id, user_id: userId };
      const member = await bot.done<TelegramChatMember>("getChatMember", at);
      assert.ok(member.status === "administrator");
      return [member.can_pin_messages, member.can_delete_messages];
    };
    await bot.done("setMyDefaultAdministratorRights", { rights: { can_pin_messages: true } });
    assert.deepEqual(await lead(talk.botId), [true, false]);
    assert.deepEqual(await lead(ada.userId), [true, true]);
    // Whoever leads already keeps what they have.
    await bot.done("setMyDefaultAdministratorRights", { rights: { can_delete_messages: true } });
    assert.deepEqual(await lead(talk.botId), [true, false]);
    await bot.done("setMyDefaultAdministratorRights");
  });

  it("people come by links, and ask to be let in", async () => {
    const { cluster, bot, groupId, group } = stage();
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
}

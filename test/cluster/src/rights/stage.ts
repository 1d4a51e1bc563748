/** The people and things of the table: who asks, of what, with which body. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { MessageBody } from "@rookery/kit";
import type { Cluster } from "../cluster.ts";
import type { ApiDocument, Schema } from "../document.ts";
import { createGroup, expect, login, type Person, register } from "../rest.ts";
import { nowSeconds, reissue } from "../signing.ts";
import type { Asker, Row } from "./expectation.ts";
import { sampleOf } from "./sample.ts";

const command = fileURLToPath(new URL("../../../../services/cli/src/main.ts", import.meta.url));

/** One request of a row, as the document lets it be made. */
export interface Call {
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
}

export interface Stage {
  /** Absent for nobody. */
  tokenOf(asker: Asker): string | undefined;
  /** @throws Error when the stage has no object for the path, or the schema wants an example. */
  callOf(row: Row, asker: Asker): Promise<Call>;
  /** After an answer that ended the asker's session: they log in again. */
  renew(asker: Asker): Promise<void>;
}

/** Somebody of Telegram. */
const from = { id: 555_000_111, is_bot: false, first_name: "Ted" };
const chat = { id: from.id, type: "private", first_name: from.first_name };

interface Made {
  readonly id: number;
}

export async function openStage(cluster: Cluster, document: ApiDocument, keyPem: string): Promise<Stage> {
  const { base } = cluster;
  const name = () => `a${randomBytes(6).toString("hex")}`;
  const [owner, member, other, guest, newcomer] = (await Promise.all(
    ["owner", "member", "other", "guest", "newcomer"].map((each) => register(base, each)),
  )) as [Person, Person, Person, Person, Person];
  const account = { username: name(), password: "password of an admin" };
  const flags = ["--username", account.username, "--password", account.password, "--role", "admin"];
  await promisify(execFile)(process.execPath, [
    command,
    "user",
    "create",
    ...flags,
    "--data",
    cluster.dataDir,
  ]);
  const people: Record<string, Person> = { owner, member, other };
  const enter = async (named: object) =>
    await expect<{ accessToken: string }>(200, base, "POST", "/v1/auth/login?refresh=body", { body: named });
  let adminToken = (await enter(account)).accessToken;

  const scopes = [...new Set(Object.values(document.paths).flatMap((item) => Object.values(item)))]
    .map((operation) => operation["x-needs"])
    .filter((need) => need.includes(":"));
  const makeKey = async (granted: readonly string[]) =>
    await expect<Made & { key: string }>(201, base, "POST", "/v1/apikeys", {
      token: owner.token,
      body: { name: "a key", scopes: [...new Set(granted)] },
    });
  const bareKey = await makeKey(["nothing:here"]);
  const key = await makeKey(scopes);
  const endedKey = await makeKey(scopes);
  await expect(200, base, "POST", `/v1/apikeys/${endedKey.id}/revoke`, { token: owner.token });
  const ended = await login(base, owner);
  await expect(204, base, "POST", "/v1/auth/logout", { token: ended.token });
  const expired = reissue(owner.token, nowSeconds() - 120, keyPem);
  let refreshToken = guest.refreshToken;

  const tokens: Partial<Record<Asker, () => string | undefined>> = {
    nobody: () => undefined,
    admin: () => adminToken,
    "bare key": () => bareKey.key,
    key: () => key.key,
    expired: () => expired,
    "revoked session": () => ended.token,
    "revoked key": () => endedKey.key,
  };

  const made = async <T extends Made>(path: string, body: object) =>
    await expect<T>(201, base, "POST", path, { token: ownerToken(), body });
  const ownerToken = () => people["owner"]?.token ?? "";

  const newBot = () => ({
    username: name(),
    displayName: "A bot",
    mode: "webhook",
    token: `${Math.floor(Math.random() * 1e9) + 1}:${"A".repeat(35)}`,
  });

  const makeBot = async () => {
    const bot = newBot();
    const { id, webhookSecret } = await made<Made & { webhookSecret: string }>("/v1/bots", bot);
    // A bot speaks to those who spoke to it.
    await expect(200, base, "POST", `/v1/telegram/webhook/${bot.username}`, {
      headers: { "x-telegram-bot-api-secret-token": webhookSecret },
      body: { update_id: 1, message: { message_id: 1, date: nowSeconds(), chat, from, text: "hello" } },
    });
    return { id };
  };

  /** A chat that everybody but the admin may read. */
  const shared = await createGroup(base, owner, [member, other], "of all");
  const makeEndpoint = () =>
    made("/v1/webhooks", { url: "http://127.0.0.1:9/", scope: "chat", chatId: shared.id });

  const makeNativeBot = () => made("/v1/bots", { username: name(), displayName: "Ours", mode: "native" });

  /** By which one asks to come. */
  const makeLink = async () => {
    const { id } = await createGroup(base, { ...owner, token: ownerToken() }, [member], "with a link");
    const { code } = await expect<{ code: string }>(201, base, "POST", `/v1/chats/${id}/links`, {
      token: ownerToken(),
      body: { asks: true },
    });
    return { id, code };
  };

  /** Fresh things of the owner, by the beginning of a path. */
  const objects: Readonly<Record<string, () => Promise<Readonly<Record<string, string | number>>>>> = {
    "/v1/chats/{id}/links/{code}": async () => {
      const { id, code } = await makeLink();
      return { id, code };
    },
    "/v1/chats/{id}/requests/{userId}": async () => {
      const { id, code } = await makeLink();
      await expect(200, base, "POST", `/v1/invites/${code}`, { token: newcomer.token });
      return { id, userId: newcomer.userId };
    },
    "/v1/invites/{code}": async () => ({ code: (await makeLink()).code }),
    "/v1/chats/{id}": async () => {
      const { id } = await createGroup(
        base,
        { ...owner, token: ownerToken() },
        [member, guest],
        "of the table",
      );
      const { seq } = await expect<MessageBody>(201, base, "POST", `/v1/chats/${id}/messages`, {
        token: ownerToken(),
        body: { body: "something" },
      });
      const subject = `user:${guest.userId}`;
      const entry = { token: ownerToken(), body: { canRead: true } };
      await expect(200, base, "PUT", `/v1/chats/${id}/acl/${subject}`, entry);
      return { id, seq, userId: guest.userId, subject, emoji: encodeURIComponent("👍") };
    },
    "/v1/users/{id}": () => Promise.resolve({ id: owner.userId }),
    "/v1/apikeys/{id}": async () => ({ id: (await made("/v1/apikeys", { name: "k", scopes: [] })).id }),
    "/v1/bots/{id}/broadcasts/{n}": async () => {
      const { id } = await makeBot();
      const broadcasts = `/v1/bots/${id}/broadcasts`;
      const made = await expect<Made>(202, base, "POST", broadcasts, {
        token: ownerToken(),
        body: { audience: {}, message: { body: "to all" } },
      });
      // So that it is not done before it is asked for.
      await expect(200, base, "POST", `${broadcasts}/${made.id}/pause`, { token: ownerToken() });
      return { id, n: made.id };
    },
    "/v1/bots/{id}/token": async () => ({ id: (await makeNativeBot()).id }),
    "/v1/bots/{id}/commands": async () => ({ id: (await makeNativeBot()).id }),
    "/v1/bots/{id}": makeBot,
    "/v1/auth/sessions/{id}": async () => {
      await login(base, owner);
      const page = await expect<{ items: readonly Made[] }>(200, base, "GET", "/v1/auth/sessions?limit=1", {
        token: ownerToken(),
      });
      return { id: page.items[0]?.id ?? 0 };
    },
    "/v1/webhooks/{id}": async () => ({ id: (await makeEndpoint()).id }),
    "/v1/deliveries/{id}": async () => {
      const { id: endpointId } = await makeEndpoint();
      const token = ownerToken();
      const { id } = await expect<{ id: string }>(202, base, "POST", `/v1/webhooks/${endpointId}/test`, {
        token,
      });
      return { id };
    },
    "/v1/files/{fileId}": async () =>
      await expect<{ fileId: string }>(201, base, "POST", "/v1/files", { token: ownerToken(), raw: "words" }),
    "/v1/telegram/webhook/{botUsername}": () => Promise.resolve({ botUsername: "nobody_bot" }),
  };
  function sampleBody(path: string, method: string): unknown {
    const schema = bodySchemaOf(document.paths[path]?.[method]);
    return schema === undefined ? undefined : sampleOf(document, schema);
  }

  /** What a sample cannot know: a name that is free, a person who is there. */
  const bodies: Readonly<Record<string, (asker: Asker) => object>> = {
    postAuthRegister: () => ({ email: `${name()}@example.org` }),
    postAuthLogin: () => ({ username: guest.username, password: guest.password }),
    postAuthRefresh: () => ({ refreshToken }),
    postAuthPassword: (asker) => {
      const { password } = asker === "admin" ? account : (people[asker] ?? owner);
      return { old: password, new: password };
    },
    postAuthTelegram: () => ({ botUsername: "nobody_bot" }),
    postChats: () => ({ type: "group" }),
    postChatInvite: () => ({ userIds: [other.userId] }),
    postBots: newBot,
    postWebhooks: (asker) => ({
      url: "http://127.0.0.1:9/",
      ...(asker === "admin" ? { scope: "all" } : { scope: "chat", chatId: shared.id }),
    }),
    postBotNotify: () => ({ telegramUserId: from.id }),
    postFiles: () => ({ any: "bytes" }),
  };
  const queries: Readonly<Record<string, string>> = {
    getUsers: "?query=a",
    postAuthRefresh: "?refresh=body",
  };

  return {
    tokenOf: (asker) => (tokens[asker] === undefined ? people[asker]?.token : tokens[asker]()),
    async callOf({ method, path, operation }, asker) {
      const { operationId } = operation;
      const prefix = Object.keys(objects).find((each) => path.startsWith(each));
      if (path.includes("{") && prefix === undefined) {
        throw new Error(`the table has nothing for ${path}: say in rights/stage.ts how it is made`);
      }
      const place = prefix === undefined ? {} : ((await objects[prefix]?.()) ?? {});
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, each: string) => {
        const value = place[each];
        if (value === undefined) throw new Error(`the table has no {${each}} for ${path}`);
        return String(value);
      });
      if (operationId === "postAuthRefresh") {
        const asked = { body: { refreshToken } };
        const renewed = await expect<{ refreshToken: string }>(
          200,
          base,
          "POST",
          "/v1/auth/refresh?refresh=body",
          asked,
        );
        refreshToken = renewed.refreshToken;
      }
      const sample = sampleBody(path, method.toLowerCase());
      const known = bodies[operationId]?.(asker);
      const body =
        sample === undefined && known === undefined ? undefined : { ...(sample as object), ...known };
      return { path: filled + (queries[operationId] ?? ""), ...(body === undefined ? {} : { body }) };
    },
    async renew(asker) {
      const person = people[asker];
      if (asker === "admin") adminToken = (await enter(account)).accessToken;
      else if (person !== undefined) people[asker] = await login(base, person);
    },
  };
}

export function bodySchemaOf(operation: Row["operation"] | undefined): Schema | undefined {
  return operation?.requestBody?.content["application/json"]?.schema;
}

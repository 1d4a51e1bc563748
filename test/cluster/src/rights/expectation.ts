/** Which status the document lets expect, for whom: the table of rights, before anything is asked. Pure. */
import type { ApiDocument, Operation } from "../document.ts";

/** Who asks. The owner's are the object, both keys, the token that expired and the session that was revoked. */
export const askers = [
  "nobody",
  "other",
  "member",
  "owner",
  "admin",
  "bare key",
  "key",
  "expired",
  "revoked session",
  "revoked key",
] as const;
export type Asker = (typeof askers)[number];

export interface Row {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function listRows({ paths }: ApiDocument): Row[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** Permissions that only some roles give; `other`, `member` and `owner` are plain members of the cluster. */
const beyondMembers = new Set(["chats:administer", "cluster:read", "cluster:manage"]);
const unproved: ReadonlySet<Asker> = new Set(["nobody", "expired", "revoked session", "revoked key"]);

type Exceptions = Partial<Record<Asker, number>>;
const forAll = (status: number): Exceptions => ({ other: status, member: status, admin: status });
const forMembersNot: Exceptions = { member: 403 };

/** What the document cannot tell: whose an object is, and what a role in a chat allows. */
const exceptions: Readonly<Record<string, Exceptions>> = {
  // Without a refresh token it is the access token's session that ends, and there has to be one.
  postAuthLogout: {
    nobody: 401,
    "bare key": 401,
    key: 401,
    expired: 401,
    "revoked session": 401,
    "revoked key": 401,
  },
  // There is no such bot; whoever brings a token that is none is told so first.
  postAuthTelegram: {
    ...forAll(404),
    nobody: 404,
    owner: 404,
    "bare key": 404,
    key: 404,
    expired: 401,
    "revoked session": 401,
    "revoked key": 401,
  },
  // Accounts are seen by all.
  getUser: forAll(200),
  patchChat: forMembersNot,
  patchChatMember: forMembersNot,
  deleteChatMember: forMembersNot,
  postChatLinks: forMembersNot,
  getChatLinks: forMembersNot,
  deleteChatLink: forMembersNot,
  getChatRequests: forMembersNot,
  putChatRequest: forMembersNot,
  // Whoever holds a link may follow it.
  getInvite: forAll(200),
  postInvite: forAll(200),
  patchChatMessage: forMembersNot,
  deleteChatMessage: forMembersNot,
  // An administrator of the cluster says who may do what in any chat.
  getChatAcl: { member: 403, admin: 200 },
  getChatAclBySubject: { member: 403, admin: 200 },
  putChatAclBySubject: { member: 403, admin: 200 },
  deleteChatAclBySubject: { member: 403, admin: 204 },
};

export function expectedStatus({ path, operation }: Row, asker: Asker): number {
  const exception = exceptions[operation.operationId]?.[asker];
  if (exception !== undefined) return exception;
  const need = operation["x-needs"];
  if (need === "public") return successOf(operation);
  if (unproved.has(asker)) return 401;
  const isPermission = need !== "user" && need !== "session";
  if (asker === "bare key" && (isPermission || need === "session")) return 403;
  if (asker === "key" && need === "session") return 403;
  if (beyondMembers.has(need) && asker !== "admin") return 403;
  // Another's object is not there at all. What is in a chat is there for its members.
  const isObject = path.includes("{");
  const isStranger = asker === "other" || asker === "admin" || (asker === "member" && !isOfChat(path));
  return isObject && isStranger ? 404 : successOf(operation);
}

/** That what the test lists is still there to be excepted. */
export function idleExceptions(rows: readonly Row[]): string[] {
  const known = new Set(rows.map(({ operation }) => operation.operationId));
  return Object.keys(exceptions).filter((operationId) => !known.has(operationId));
}

export function isOfChat(path: string): boolean {
  return path.startsWith("/v1/chats/{id}");
}

/** Objects are fresh in the table, so whatever can be made is made. */
function successOf({ responses }: Operation): number {
  const statuses = Object.keys(responses)
    .map(Number)
    .filter((status) => status < 400);
  return statuses.find((status) => status === 201 || status === 202) ?? statuses[0] ?? 0;
}

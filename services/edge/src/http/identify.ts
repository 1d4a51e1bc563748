import type { Principal } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import type { Context } from "hono";
import type { Authentication } from "../identity/authentication.ts";
import { addressKey } from "./client-address.ts";
import type { EdgeEnv } from "./context.ts";

/** Who sent a request: nobody who said so, somebody proved, or somebody whose proof is none. */
export type Identity =
  | { readonly kind: "nobody" }
  | { readonly kind: "proved"; readonly principal: Principal }
  | { readonly kind: "refused"; readonly fault: Fault };

export interface IdentifyContext {
  readonly authentication: Authentication;
}

const bearer = /^Bearer +([\w.~+/-]+=*)$/i;

/** Reads the proof of a request once, however many ask: the limits want to know before a route does. Never throws for what a stranger may send. */
export async function identify(context: IdentifyContext, c: Context<EdgeEnv>): Promise<Identity> {
  const known = c.get("identity");
  if (known !== undefined) return known;
  const identity = await readIdentity(context, c);
  c.set("identity", identity);
  return identity;
}

/** Who a token or key proves its bearer to be. */
export async function identifyBy(
  authentication: Authentication,
  credential: string,
  address: string,
): Promise<Exclude<Identity, { kind: "nobody" }>> {
  try {
    return { kind: "proved", principal: await authentication.prove(credential, addressKey(address)) };
  } catch (error) {
    if (error instanceof Fault) return { kind: "refused", fault: error };
    throw error;
  }
}

async function readIdentity({ authentication }: IdentifyContext, c: Context<EdgeEnv>): Promise<Identity> {
  const key = c.req.header("x-api-key");
  if (key !== undefined) {
    return key.startsWith("rk_")
      ? identifyBy(authentication, key, c.env.clientAddress)
      : refused("X-API-Key holds no API key");
  }
  const header = c.req.header("authorization");
  if (header === undefined) return { kind: "nobody" };
  const token = readBearer(header);
  if (token === undefined) return refused("the Authorization header is not a bearer token");
  return identifyBy(authentication, token, c.env.clientAddress);
}

/** The credential of an Authorization header, if it is a bearer's. */
export function readBearer(header: string): string | undefined {
  return bearer.exec(header)?.[1];
}

function refused(message: string): Identity {
  return { kind: "refused", fault: new Fault("unauthorized", message) };
}

import { z } from "@hono/zod-openapi";
import { type FaultCode, idMax, limits } from "@rookery/protocol";
import { type FieldError, RequestFault } from "./problem.ts";

/** Told of one request; a body with more wrong fields is wrong enough. */
const errorsMax = 20;
/** Carried in a zod issue whose fault is not `invalid`. */
interface FaultParams {
  readonly code?: FaultCode;
}

/** The fault of what zod refused, with each wrong field named. */
export function refusalOf(error: z.core.$ZodError, target: string): RequestFault {
  const errors: FieldError[] = error.issues
    .slice(0, errorsMax)
    .map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
  const custom = error.issues.find(
    (issue) => issue.code === "custom" && faultParams(issue).code !== undefined,
  );
  const code = custom === undefined ? "invalid" : (faultParams(custom).code ?? "invalid");
  const place = target === "json" ? "body" : target === "param" ? "path" : target;
  const [first] = errors;
  const detail = first === undefined ? "" : `: ${first.path === "" ? "" : `${first.path} `}${first.message}`;
  return new RequestFault(code, `the ${place} is not valid${detail}`, errors);
}

function faultParams(issue: z.core.$ZodIssue): FaultParams {
  return ("params" in issue && typeof issue.params === "object" && issue.params) || {};
}

/** Text of at most `bytesMax` bytes of UTF-8, without U+0000 (Postgres refuses it) or lone surrogates. */
export function text(rule: {
  readonly bytesMax: number;
  readonly bytesMin?: number;
  readonly code?: FaultCode;
}) {
  const checked = z.string().superRefine((value, check) => {
    if (!value.isWellFormed() || value.includes("\0")) {
      check.addIssue({ code: "custom", message: "must be well-formed text without U+0000" });
      return;
    }
    const bytes = Buffer.byteLength(value);
    if (bytes < (rule.bytesMin ?? 0)) {
      check.addIssue({
        code: "custom",
        message: rule.bytesMin === 1 ? "must not be empty" : `must have at least ${rule.bytesMin} bytes`,
      });
    }
    if (bytes > rule.bytesMax) {
      const params: FaultParams = rule.code === undefined ? {} : { code: rule.code };
      check.addIssue({ code: "custom", message: `must be at most ${rule.bytesMax} bytes of UTF-8`, params });
    }
  });
  // A schema counts characters, of which there are no more than bytes.
  return checked.openapi({ maxLength: rule.bytesMax, ...(rule.bytesMin === 1 ? { minLength: 1 } : {}) });
}

/**
 * A field that may be left out. The document's generator takes what is `exactOptional` for required; as JSON has no
 * `undefined`, `optional` lets in the same.
 */
export function omittable<T extends z.ZodType>(schema: T): z.ZodExactOptional<T> {
  return schema.optional() as unknown as z.ZodExactOptional<T>;
}

export const id = z.int().min(1);
export const position = z.int().min(0);
export const uuid = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of A-Za-z0-9_-")
  .openapi({ example: "0198f1c2-a" });

/** Digits in a path or query. Anything else names nothing. */
const digits = z
  .string()
  .regex(/^\d{1,16}$/, "must be a whole number")
  .transform(Number);
export const idInPath = digits.pipe(id).openapi({ type: "integer", minimum: 1, maximum: idMax });
export const positionInQuery = digits.pipe(position).openapi({ type: "integer", minimum: 0, maximum: idMax });
export const limitInQuery = digits
  .pipe(z.int().min(1).max(limits.pageMax))
  .default(50)
  .openapi({ type: "integer", minimum: 1, maximum: limits.pageMax, default: 50 });

/** The header that serves as uuid on every mutation. */
export const idempotencyHeaders = z.object({ "idempotency-key": uuid.optional() });

/** The name of a request whose headers no route has checked. @throws RequestFault `invalid` */
export function readRequestName(header: string | undefined): string | undefined {
  const parsed = idempotencyHeaders.safeParse({ "idempotency-key": header });
  if (!parsed.success) throw refusalOf(parsed.error, "header");
  return parsed.data["idempotency-key"];
}

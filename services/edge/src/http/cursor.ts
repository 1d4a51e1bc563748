import { aclSubjectPattern, idMax } from "@rookery/protocol";
import type { DeliveryPlace } from "@rookery/store";
import { RequestFault } from "./problem.ts";

/** Where a list by ascending id goes on; 0 at its start. @throws RequestFault when it is none of ours. */
export function readIdCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const id = /^\d{1,16}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (!(id <= idMax)) throw badCursor();
  return id;
}

/** Null when the page was not full: nothing follows. */
export function writeIdCursor(lastId: number | undefined, full: boolean): string | null {
  return lastId === undefined || !full ? null : String(lastId);
}

/** A place in a history and the way to go from it. */
export interface HistoryCursor {
  readonly direction: "before" | "after";
  readonly seq: number;
}

/** @throws RequestFault when it is none of ours. */
export function readHistoryCursor(cursor: string): HistoryCursor {
  const [, direction, digits] = /^(before|after)-(\d{1,16})$/.exec(cursor) ?? [];
  const seq = Number(digits);
  if (direction === undefined || !(seq <= idMax)) throw badCursor();
  return { direction: direction === "before" ? "before" : "after", seq };
}

export function writeHistoryCursor(cursor: HistoryCursor): string {
  return `${cursor.direction}-${cursor.seq}`;
}

/** @throws RequestFault when it is none of ours. */
export function readDeliveryCursor(cursor: string | undefined): DeliveryPlace | null {
  if (cursor === undefined) return null;
  const [, digits, id] = /^(\d{1,16})-([A-Za-z0-9_-]{1,200})$/.exec(cursor) ?? [];
  const createdMs = Number(digits);
  if (id === undefined || !(createdMs <= idMax)) throw badCursor();
  return { createdMs, id };
}

/** Null when the page was not full: nothing follows. */
export function writeDeliveryCursor(last: DeliveryPlace | undefined, full: boolean): string | null {
  return last === undefined || !full ? null : `${last.createdMs}-${last.id}`;
}

/** Where a list by subject goes on; empty at its start. @throws RequestFault when it is none of ours. */
export function readSubjectCursor(cursor: string | undefined): string {
  if (cursor !== undefined && !aclSubjectPattern.test(cursor)) throw badCursor();
  return cursor ?? "";
}

/** Null when the page was not full: nothing follows. */
export function writeSubjectCursor(last: string | undefined, full: boolean): string | null {
  return last === undefined || !full ? null : last;
}

function badCursor(): RequestFault {
  return new RequestFault("invalid", "the cursor is not one of ours", [
    { path: "cursor", message: "must be a nextCursor of this list" },
  ]);
}

/** Days as people write them; a day is `2026-12-31`. */

const dayMs = 86_400_000;

/** The day it is at a time in a time zone. */
export function dayAt(timeZone: string, ms: number): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).formatToParts(ms);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** `31.12.2026`, `31/12/26`, `2026-12-31`, or `31.12`: the next one from today. Null: no such day. */
export function parseDay(text: string, today: string): string | null {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (iso !== null) return realDay(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const local = /^(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?\.?$/.exec(text);
  if (local === null) return null;
  const [, day, month, year] = local.map(Number) as [number, number, number, number];
  if (!Number.isNaN(year)) return realDay(year < 100 ? 2_000 + year : year, month, day);
  const thisYear = Number(today.slice(0, 4));
  const found = realDay(thisYear, month, day);
  return found === null || found < today ? realDay(thisYear + 1, month, day) : found;
}

export function showDay(day: string): string {
  return day.split("-").toReversed().join(".");
}

function realDay(year: number, month: number, day: number): string | null {
  if (year < 1_000 || year > 9_999) return null;
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date.toISOString().slice(0, 10) : null;
}

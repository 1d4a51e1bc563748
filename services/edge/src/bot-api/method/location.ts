/** Places: where something is, and where somebody is for a while. */
import type { BotExtra, Location } from "@rookery/protocol";
import { badRequest } from "../api-refusal.ts";
import { type Call, type Method, method } from "../method.ts";
import { decimal, integer, text } from "../parameter.ts";
import { messageAt } from "../show.ts";
import { edited, editTarget, rewrite, type Target } from "./change.ts";
import { needed, sending, sendOne } from "./send.ts";

/** So long that it never ends. */
const forEver = 0x7fffffff;
const periodSecondsMin = 60;
const periodSecondsMax = 86_400;

const at = { latitude: decimal, longitude: decimal, horizontal_accuracy: decimal };
const live = {
  live_period: integer(0, 0, forEver),
  heading: integer(0, 0, 360),
  proximity_alert_radius: integer(0, 0, 100_000),
};

function locationOf(
  latitude: number | undefined,
  longitude: number | undefined,
  accuracyM?: number,
): Location {
  if (latitude === undefined || longitude === undefined)
    throw badRequest("latitude and longitude must be specified");
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) throw badRequest("invalid location specified");
  const accuracy = accuracyM === undefined ? {} : { accuracyM: Math.min(1_500, Math.max(0, accuracyM)) };
  return { latitude, longitude, ...accuracy };
}

type Live = NonNullable<BotExtra["live"]>;

function liveOf(
  periodS: number,
  { heading, proximity_alert_radius: radius }: { heading: number; proximity_alert_radius: number },
): Live {
  return {
    periodS,
    ...(heading === 0 ? {} : { heading }),
    ...(radius === 0 ? {} : { proximityM: radius }),
  };
}

/** What a message is that tells where somebody is; only while it goes on. */
async function liveAt(call: Call, target: Target, verb: string): Promise<{ live: Live; location: Location }> {
  const message = await messageAt(call, target.place, target.at);
  if (message === null) throw badRequest("message to edit not found");
  const { extra, location, ts } = message;
  if (extra?.live === undefined || location === undefined)
    throw badRequest(`there is no live location in the message to ${verb}`);
  const { periodS } = extra.live;
  const isOver = periodS !== forEver && ts + periodS * 1_000 <= call.context.now();
  // The repeat of a named call finds what it stopped itself; the chat knows, and refuses another.
  const isStopped = extra.live.isStopped === true && call.key === undefined;
  if (isOver || isStopped) throw badRequest("message can't be edited");
  return { live: extra.live, location };
}

export const locationMethods: readonly Method[] = [
  method("sendLocation", { ...sending, ...at, ...live }, (call, values) => {
    const { live_period: periodS } = values;
    const isLong = periodS > periodSecondsMax && periodS !== forEver;
    if (periodS !== 0 && (periodS < periodSecondsMin || isLong))
      throw badRequest("wrong live location period specified");
    return sendOne(call, values, {
      kind: "location",
      location: locationOf(values.latitude, values.longitude, values.horizontal_accuracy),
      ...(periodS === 0 ? {} : { extra: { live: liveOf(periodS, values) } }),
    });
  }),
  method("editMessageLiveLocation", { ...edited, ...at, ...live }, async (call, values) => {
    const target = await editTarget(call, values);
    const before = await liveAt(call, target, "edit");
    const location = locationOf(values.latitude, values.longitude, values.horizontal_accuracy);
    const periodS = values.live_period === 0 ? before.live.periodS : values.live_period;
    const extra: BotExtra = { live: liveOf(periodS, values) };
    return await rewrite(call, target, { keyboard: values.reply_markup, change: { location, extra } });
  }),
  method("stopMessageLiveLocation", edited, async (call, values) => {
    const target = await editTarget(call, values);
    const before = await liveAt(call, target, "stop");
    const extra: BotExtra = { live: { ...before.live, isStopped: true } };
    return await rewrite(call, target, { keyboard: values.reply_markup, change: { extra } });
  }),
  method("sendVenue", { ...sending, ...at, title: text, address: text }, (call, values) => {
    const title = needed(values.title, "venue title must be non-empty");
    const address = needed(values.address, "venue address must be non-empty");
    return sendOne(call, values, {
      kind: "location",
      body: `${title}\n${address}`,
      location: locationOf(values.latitude, values.longitude),
      extra: { venue: { title, address } },
    });
  }),
];

/** What Telegram's service messages say, in English: in Telegram itself each client has its own words for them. */
type Fields = Readonly<Record<string, unknown>>;

const readers: Readonly<Record<string, (value: unknown) => string>> = {
  new_chat_members: (people) =>
    `joined: ${(Array.isArray(people) ? people : []).map(nameOf).join(", ") || "somebody"}`,
  left_chat_member: (person) => `left: ${nameOf(person) || "somebody"}`,
  new_chat_title: (title) => `the title is now ${String(title)}`,
  new_chat_photo: () => "the chat has a new photo",
  delete_chat_photo: () => "the chat's photo was deleted",
  group_chat_created: () => "the group was created",
  supergroup_chat_created: () => "the supergroup was created",
  channel_chat_created: () => "the channel was created",
  migrate_to_chat_id: () => "the group is a supergroup now",
  migrate_from_chat_id: () => "the group is a supergroup now",
  pinned_message: () => "a message was pinned",
  successful_payment: () => "a payment was made",
  refunded_payment: () => "a payment was refunded",
  users_shared: () => "users were shared",
  chat_shared: () => "a chat was shared",
  connected_website: (site) => `logged in to ${String(site)}`,
  write_access_allowed: () => "the bot may write",
  proximity_alert_triggered: () => "somebody came near",
  boost_added: () => "the chat was boosted",
  message_auto_delete_timer_changed: () => "messages are deleted after another time",
  forum_topic_created: (topic) => `topic ${partOf(topic, "name")}`.trim(),
  forum_topic_edited: (topic) => `the topic is now ${partOf(topic, "name")}`.trim(),
  forum_topic_closed: () => "the topic was closed",
  forum_topic_reopened: () => "the topic was opened again",
  video_chat_scheduled: () => "a video chat was planned",
  video_chat_started: () => "a video chat began",
  video_chat_ended: () => "the video chat ended",
  video_chat_participants_invited: () => "people were invited to the video chat",
  web_app_data: (data) => partOf(data, "data"),
};

/** Beside what every message has, the field that says what happened. */
const common = new Set([
  "message_id",
  "message_thread_id",
  "date",
  "chat",
  "from",
  "sender_chat",
  "is_topic_message",
]);

/** Of a service message newer than we are, its name. */
export function serviceWords(message: Fields): string {
  for (const [field, read] of Object.entries(readers)) {
    if (message[field] !== undefined) return read(message[field]);
  }
  const field = Object.keys(message).find((key) => !common.has(key) && message[key] !== undefined);
  return field === undefined ? "" : field.replaceAll("_", " ");
}

function nameOf(person: unknown): string {
  return [partOf(person, "first_name"), partOf(person, "last_name")].filter((part) => part !== "").join(" ");
}

function partOf(value: unknown, key: string): string {
  if (typeof value !== "object" || value === null) return "";
  const part = (value as Fields)[key];
  return typeof part === "string" ? part : "";
}

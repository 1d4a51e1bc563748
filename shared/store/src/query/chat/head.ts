/**
 * SQL: the head of the chat of that id, the place of its last message; 0 before the first. Messages are never taken out of
 * their table, so this is the chat's sequence. A look at the end of the primary key, whatever the table's statistics say.
 */
export function headSeqOf(id: string): string {
  return `coalesce((select h.seq from message h where h.chat_id = ${id} order by h.chat_id desc, h.seq desc limit 1), 0)`;
}

export interface Column<T> {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Longer cells are cut. */
  readonly widthMax?: number;
  readonly cell: (row: T) => string;
}

const gap = "  ";

/** Rows as lines of equal columns, the titles first. What a terminal would obey instead of show is made visible. */
export function encodeTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string[] {
  const filled = columns.map((column) => {
    const cells = [
      column.title,
      ...rows.map((row) => cut(showable(column.cell(row)), column.widthMax ?? Number.MAX_SAFE_INTEGER)),
    ];
    const width = Math.max(...cells.map((cell) => cell.length));
    return cells.map((cell) => (column.align === "right" ? cell.padStart(width) : cell.padEnd(width)));
  });
  return ["", ...rows].map((_, line) =>
    filled
      .map((cells) => cells[line] ?? "")
      .join(gap)
      .trimEnd(),
  );
}

/** Names come from outside: an escape sequence in one must not reach the terminal. */
function showable(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\p{C}/gu, "\uFFFD");
}

function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}

/** A run as a picture: lines over time, one panel under the other. Pure: figures in, SVG out. */

export interface Moment {
  readonly atSeconds: number;
  readonly values: Readonly<Record<string, number>>;
}

export interface Panel {
  readonly title: string;
  /** Name in `values` → colour. */
  readonly lines: Readonly<Record<string, string>>;
}

const width = 900;
const panelHeight = 150;
const margin = { left: 60, right: 20, top: 30, bottom: 20 };
const ticks = 4;

export function drawPicture(title: string, panels: readonly Panel[], moments: readonly Moment[]): string {
  const endSeconds = Math.max(1, ...moments.map(({ atSeconds }) => atSeconds));
  const x = (seconds: number): number =>
    margin.left + ((width - margin.left - margin.right) * seconds) / endSeconds;
  const parts = panels.map((panel, index) => {
    const top = 40 + index * (panelHeight + margin.top + margin.bottom) + margin.top;
    const most = Math.max(
      1,
      ...moments.flatMap(({ values }) => Object.keys(panel.lines).map((name) => values[name] ?? 0)),
    );
    const y = (value: number): number => top + panelHeight - (panelHeight * value) / most;
    const grid = Array.from({ length: ticks + 1 }, (_, tick) => {
      const value = (most * tick) / ticks;
      return (
        `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>` +
        `<text x="${margin.left - 6}" y="${y(value) + 4}" text-anchor="end">${Number(value.toPrecision(3))}</text>`
      );
    });
    const lines = Object.entries(panel.lines).map(([name, colour]) => {
      const points = moments.map(
        ({ atSeconds, values }) => `${x(atSeconds).toFixed(1)},${y(values[name] ?? 0).toFixed(1)}`,
      );
      return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(" ")}"/>`;
    });
    const legend = Object.entries(panel.lines)
      .map(([name, colour]) => `<tspan fill="${colour}" dx="14">${name}</tspan>`)
      .join("");
    return `<text x="${margin.left}" y="${top - 8}">${panel.title}${legend}</text>${grid.join("")}${lines.join("")}`;
  });
  const height = 60 + panels.length * (panelHeight + margin.top + margin.bottom);
  const seconds = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<text x="${x(endSeconds * share)}" y="${height - 6}" text-anchor="middle">${Math.round(endSeconds * share)} s</text>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">` +
    `<rect width="100%" height="100%" fill="white"/><text x="${margin.left}" y="24" font-size="15">${title}</text>` +
    `${parts.join("\n")}\n${seconds.join("")}</svg>\n`
  );
}

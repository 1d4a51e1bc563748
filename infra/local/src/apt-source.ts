/** Reads the package sources of a Debian or Ubuntu machine. Pure: text in, text out. */

export interface AptSource {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Other fields as deb822 has them (`Signed-By`, `Architectures`, `Trusted`), several lines included. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface Distribution {
  readonly id: string;
  readonly codename: string;
}

const keptFields = ["Signed-By", "Architectures", "Trusted", "Check-Valid-Until"];
const oneLineOptions: Readonly<Record<string, string>> = {
  "signed-by": "Signed-By",
  arch: "Architectures",
  trusted: "Trusted",
  "check-valid-until": "Check-Valid-Until",
};

/** Parses `sources.list` and `*.list`: `deb [option=value …] uri suite component …`. Other lines are passed over. */
export function parseOneLineSources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split("\n")) {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#]*)/.exec(line.trim());
    if (match === null) continue;
    const [, options = "", uri = "", suite = "", components = ""] = match;
    const fields: Record<string, string> = {};
    for (const option of words(options)) {
      const [key = "", value = ""] = option.split("=", 2);
      const field = oneLineOptions[key.toLowerCase()];
      if (field !== undefined) fields[field] = value.replaceAll(",", " ");
    }
    sources.push({ uris: [uri], suites: [suite], components: words(components), fields });
  }
  return sources;
}

/** Parses `*.sources` (deb822): paragraphs of fields, a field goes on in lines that begin with a space. */
export function parseDeb822Sources(text: string): AptSource[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  const paragraphs = lines.join("\n").split(/\n\s*\n/);
  return paragraphs.flatMap((paragraph) => {
    const fields = readFields(paragraph);
    if (!words(fields.get("types") ?? "").includes("deb") || fields.get("enabled") === "no") return [];
    return {
      uris: words(fields.get("uris") ?? ""),
      suites: words(fields.get("suites") ?? ""),
      components: words(fields.get("components") ?? ""),
      fields: Object.fromEntries(
        keptFields.flatMap((name) => {
          const value = fields.get(name.toLowerCase());
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    };
  });
}

/**
 * The distribution's own sources among `sources`, written as deb822.
 *
 * With `suite` they name that suite instead of the machine's own (a newer release from the same mirror). On
 * Ubuntu `universe` is added, where NATS and Redis are.
 */
export function encodeOwnSources(
  sources: readonly AptSource[],
  distribution: Distribution,
  suite?: string,
): string {
  const { id, codename } = distribution;
  const own = new Set([
    codename,
    `${codename}-updates`,
    `${codename}-security`,
    `${codename}/updates`,
    "stable",
  ]);
  const paragraphs = sources.flatMap((source) => {
    const suites = source.suites.filter((name) => own.has(name));
    const hasMain = source.components.includes("main");
    // A newer suite is asked for only where the release itself is, not at the security archive.
    if (suites.length === 0 || !hasMain || (suite !== undefined && !suites.includes(codename))) return [];
    const components = id === "ubuntu" ? new Set([...source.components, "universe"]) : source.components;
    return [
      "Types: deb",
      `URIs: ${source.uris.join(" ")}`,
      `Suites: ${suite ?? suites.join(" ")}`,
      `Components: ${[...components].join(" ")}`,
      ...Object.entries(source.fields).map(([name, value]) => `${name}: ${value}`),
      "",
    ].join("\n");
  });
  return paragraphs.join("\n");
}

/** Parses `/etc/os-release`; undefined when it is neither Debian nor Ubuntu. */
export function parseDistribution(text: string): Distribution | undefined {
  const fields = new Map(
    text.split("\n").map((line) => {
      const [key = "", value = ""] = line.split("=", 2);
      return [key, value.replaceAll('"', "").trim()];
    }),
  );
  const id = fields.get("ID") ?? "";
  const codename = fields.get("VERSION_CODENAME") ?? "";
  return (id === "debian" || id === "ubuntu") && codename !== "" ? { id, codename } : undefined;
}

function readFields(paragraph: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name = "";
  for (const line of paragraph.split("\n")) {
    const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
    if (match !== null) {
      name = (match[1] ?? "").toLowerCase();
      fields.set(name, match[2] ?? "");
    } else if (name !== "" && /^\s/.test(line)) {
      fields.set(name, `${fields.get(name)}\n${line}`);
    }
  }
  return fields;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

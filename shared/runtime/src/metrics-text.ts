/** The text form in which Prometheus reads metrics. Pure: text in, text out. */

interface Family {
  /** HELP and TYPE, of whoever told it first. */
  readonly head: string[];
  readonly samples: string[];
}

/**
 * Several processes' metrics as one text: a family stands once, with the samples of all. Their labels must tell them
 * apart, for nothing is added up here.
 */
export function mergeMetrics(texts: readonly string[]): string {
  const families = new Map<string, Family>();
  for (const text of texts) {
    const known = new Set(families.keys());
    let family: Family | undefined;
    for (const line of text.split("\n")) {
      const name = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
      if (name === undefined) {
        if (line !== "" && !line.startsWith("#")) family?.samples.push(line);
        continue;
      }
      family = families.get(name);
      if (family === undefined) families.set(name, (family = { head: [], samples: [] }));
      if (!known.has(name)) family.head.push(line);
    }
  }
  return [...families.values()]
    .map(({ head, samples }) => `${[...head, ...samples].join("\n")}\n`)
    .join("\n");
}

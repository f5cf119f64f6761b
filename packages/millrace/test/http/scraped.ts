/** What a server tells Prometheus: of each name, the labels of its samples with the values that they had. */
export type Scraped = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

/** Reads the text format 0.0.4. The parts of a histogram are names of their own, as they are in a query. */
export function scrapedFrom(text: string): Scraped {
  const found = new Map<string, Map<string, Set<string>>>();
  for (const line of text.split("\n")) {
    const [, name, labels = ""] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const ofName = found.get(name) ?? new Map<string, Set<string>>();
    found.set(name, ofName);
    for (const [, label = "", value = ""] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      ofName.set(label, (ofName.get(label) ?? new Set()).add(value));
    }
  }
  return found;
}

/** What Prometheus itself puts to every sample. */
const OF_PROMETHEUS = new Set(["instance", "job"]);
/** A server that is well has no sample of the statuses that are asked for. */
const BY_CHANCE = new Set(["status"]);
const NAME = /\b((?:millrace|process)_\w+)\b(?:\{([^}]*)\})?/g;
const MATCHER = /(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g;

/**
 * What a query asks for and the server does not tell: a name, a label, or a value that no sample has.
 * @returns nothing when all of it is there; a query that names no metric of ours is itself wrong
 */
export function unknownIn(query: string, scraped: Scraped): readonly string[] {
  const asked = [...query.matchAll(NAME)];
  if (asked.length === 0) return query.startsWith("up{") ? [] : [`${query}: it asks for nothing`];
  const grouped = [...query.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, names = ""]) => names.split(/,\s*/));
  const all = new Set(asked.flatMap(([, name = ""]) => [...(scraped.get(name)?.keys() ?? [])]));
  const ungrouped = grouped.filter((label) => label !== "" && !all.has(label) && !OF_PROMETHEUS.has(label));
  return [
    ...ungrouped.map((label) => `${query}: nothing has the label ${label}`),
    ...asked.flatMap(([, name = "", matchers = ""]) => {
      const labels = scraped.get(name);
      return labels === undefined
        ? [`${query}: there is no ${name}`]
        : unmatched(matchers, labels).map((problem) => `${query}: ${name}: ${problem}`);
    }),
  ];
}

function unmatched(matchers: string, labels: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  return [...matchers.matchAll(MATCHER)].flatMap(([, label = "", how = "", pattern = ""]) => {
    if (OF_PROMETHEUS.has(label)) return [];
    const values = labels.get(label);
    if (values === undefined) return [`there is no label ${label}`];
    // What a dashboard fills in later may be any of the values.
    if (pattern.startsWith("$") || BY_CHANCE.has(label)) return [];
    const wanted = how.endsWith("~") ? new RegExp(`^(?:${pattern})$`) : undefined;
    const isThere = [...values].some((value) => wanted?.test(value) ?? value === pattern);
    return isThere ? [] : [`${label} is never ${pattern}`];
  });
}

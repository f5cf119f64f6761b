type Labels = Readonly<Record<string, string | number>>;

/** A value with the labels that tell it from others of its name. */
export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
  /** Put behind the name: the parts of a histogram. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

/** Measurements of one name. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
}

// Written by hand: a page of text in a format that has not changed for ten years, against a library with a registry of
// its own that is global to the process, where two servers in one process would count together.
/** Measurements as Prometheus reads them, in the text format 0.0.4. */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics.map((metric) => textOf(metric)).join("");
}

function textOf({ name, help, type, samples }: Metric): string {
  const lines = samples.map(
    ({ labels = {}, value, suffix = "" }) =>
      `${name}${suffix}${labelText(labels)} ${Number.isNaN(value) ? "NaN" : value}`,
  );
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ""].join("\n");
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

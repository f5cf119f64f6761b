import { code, table } from "./markdown.ts";
import { readMetrics } from "./open-api.ts";

/** Every metric, as a server tells of it. */
export async function metricsPage(): Promise<string> {
  const text = await readMetrics();
  const rows = [...text.matchAll(/^# HELP (\w+) (.+)\n# TYPE \w+ (\w+)$/gm)].map(
    ([, name = "", help = "", type = ""]) => [code(name), type, labelsOf(text, name, type).map(code).join(" "), help],
  );
  if (rows.length === 0) throw new Error("metrics-page.ts: the server tells of nothing");
  return `# Metrics

What \`GET /metrics\` of a server answers, for Prometheus. How to have it read, drawn and watched:
[monitoring](../guides/monitoring.md).

${table(["name", "type", "labels", "meaning"], rows)}

\`route\` is the route's name, such as \`/v1/jobs/:id\`, and never a path; \`caller\` is \`known\` or \`unknown\`; \`state\` is one of the
[states](states.md).
`;
}

function labelsOf(text: string, name: string, type: string): readonly string[] {
  const sample = new RegExp(`^${name}${type === "histogram" ? "_bucket" : ""}\\{(.*)\\} `, "m").exec(text)?.[1] ?? "";
  return [...sample.matchAll(/(\w+)="/g)].map(([, label = ""]) => label).filter((label) => label !== "le");
}

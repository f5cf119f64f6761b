import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { API_KEY } from "./bench.ts";
import { listening } from "./listening.ts";
import { scrapedFrom, unknownIn, type Scraped } from "./scraped.ts";

async function deployed(name: string): Promise<string> {
  return readFile(new URL(`../../../../deploy/monitoring/${name}`, import.meta.url), "utf8");
}

/** What a server tells that has a queue, and was asked for a few things. */
async function aScrape(): Promise<Scraped> {
  const { served, url } = await listening();
  await served.enqueue("k");
  const headers = { Authorization: `Bearer ${API_KEY}` };
  await fetch(`${url}/v1/stats`, { headers });
  await fetch(`${url}/v1/stats`, { headers: { Authorization: "Bearer one that opens nothing" } });
  await fetch(`${url}/v1/workers/press-1/claim`, { method: "POST", headers });
  return scrapedFrom(await (await fetch(`${url}/metrics`, { headers })).text());
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

describe("what deploy/monitoring asks of Prometheus", () => {
  it("is told by a server: the alert rules", async () => {
    const scraped = await aScrape();
    const text = await deployed("millrace-alerts.yaml");
    const queries = [...text.matchAll(/^ +expr: (.+)$/gm)].map(([, query = ""]) => query);
    expect(queries).toHaveLength([...text.matchAll(/^ +- alert: /gm)].length);
    expect(queries.length).toBeGreaterThan(5);
    expect(queries.flatMap((query) => unknownIn(query, scraped))).toEqual([]);
  });

  it("is explained in the guide: each alert, and no other", async () => {
    const guide = await readFile(new URL("../../../../docs/guides/monitoring.md", import.meta.url), "utf8");
    const rules = [...(await deployed("millrace-alerts.yaml")).matchAll(/^ +- alert: (\w+)$/gm)].map(
      ([, name]) => name,
    );
    expect([...guide.matchAll(/^\| `(Millrace\w+)`/gm)].map(([, name]) => name)).toEqual(rules);
  });

  it("is told by a server: the dashboard", async () => {
    const scraped = await aScrape();
    const dashboard = JSON.parse(await deployed("millrace-dashboard.json")) as {
      readonly panels: readonly Panel[];
      readonly templating: { readonly list: readonly { readonly type: string; readonly query: unknown }[] };
    };
    for (const { title, type, targets = [] } of dashboard.panels) {
      expect.soft(type === "row" || targets.length > 0, title).toBe(true);
      expect.soft(targets.flatMap(({ expr }) => unknownIn(expr, scraped))).toEqual([]);
    }
    const variables = dashboard.templating.list.filter(({ type }) => type === "query");
    for (const { query } of variables) {
      const [, name = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec((query as { query: string }).query) ?? [];
      expect.soft(unknownIn(`sum by (${label}) (${name})`, scraped)).toEqual([]);
    }
  });

  it("would be missed if it were not: a name, a label, a value", async () => {
    const scraped = await aScrape();
    for (const [query, problem] of [
      ["millrace_queue_job", "there is no millrace_queue_job"],
      ['millrace_jobs{queue="default"}', "there is no label queue"],
      ['millrace_jobs{state="done"}', "state is never done"],
      ["sum by (kind) (millrace_jobs)", "nothing has the label kind"],
      ["rate(millrace_http_request_duration_seconds[5m])", "there is no millrace_http_request_duration_seconds"],
      ["vector(1)", "it asks for nothing"],
    ] as const) {
      expect(unknownIn(query, scraped)).toEqual([expect.stringContaining(problem)]);
    }
  });
});

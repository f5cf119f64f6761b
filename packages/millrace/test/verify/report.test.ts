import { describe, expect, it } from "vitest";
import type { Judgement } from "../../src/verify/check/linearize.ts";
import type { GuaranteeVerdict, HistoryVerdict, HistoryViolation, Recovery } from "../../src/verify/check/verdict.ts";
import type { Entry } from "../../src/verify/history/entry.ts";
import { reportHtml } from "../../src/verify/report/report-html.ts";
import { summarize } from "../../src/verify/report/run-summary.ts";
import { longHistory } from "./long-history.ts";
import { expectWellFormed } from "./well-formed.ts";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror=alert(2)> & ' </style> \u0000\ud800`;
const JUDGED = ["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G9", "G10", "G11", "G12"];
const FACTS = {
  seed: 4711,
  command: "millrace verify --store sqlite:./a.db --faults kill,pause --seed 4711",
  environment: [["store", "SQLite"]],
} as const;
const SUMMARY = summarize(longHistory(500, 60));

function standing(guarantee: string, rest: Partial<GuaranteeVerdict> = {}): GuaranteeVerdict {
  return { guarantee, judgement: "ok", judged: 12_345, violated: 0, unknown: 0, ...rest };
}

function verdict(judgement: Judgement, rest: Partial<HistoryVerdict> = {}): HistoryVerdict {
  return {
    judgement,
    violations: [],
    unknown: [],
    guarantees: JUDGED.map((guarantee) => standing(guarantee)),
    checked: { calls: 1_500, jobs: 500, steps: 2_500 },
    recoveries: [],
    ...rest,
  };
}

function broken(count: number, text = "two workers held it"): readonly HistoryViolation[] {
  return Array.from({ length: count }, (_, i) => {
    const line = { from: 0, until: 900 + i, process: `worker-${i}`, said: text };
    return { guarantee: "G1", message: text, rows: [text], story: [line, { ...line, from: 2_000, until: null }] };
  });
}

describe("the report", () => {
  it("of a sound run says so, with its seed, its command, and what was not judged", () => {
    const page = reportHtml({ facts: FACTS, summary: SUMMARY, verdict: verdict("ok") });
    expectWellFormed(page);
    const text = textOf(page);
    expect(page).toContain("<title>Sound · millrace verify · seed 4711</title>");
    expect(text).toContain("Nothing in 1,500 calls about 500 jobs speaks against a promise.");
    expect(text).toContain(FACTS.command);
    expect(text).toContain("Not judged by this history: G8, G13.");
    expect(page).not.toContain("What was broken");
    expect(page).toContain('class="plot"');
  });

  it("of a broken promise shows each violation with its picture, and how many there were", () => {
    const guarantees = JUDGED.map((each) =>
      standing(each, each === "G1" ? { judgement: "violated", violated: 31 } : {}),
    );
    const page = reportHtml({
      facts: FACTS,
      summary: SUMMARY,
      verdict: verdict("violated", { violations: broken(5), guarantees }),
    });
    expectWellFormed(page);
    expect(page.match(/class="story"/g)).toHaveLength(5);
    expect(textOf(page)).toContain("A promise was broken in 1,500 calls about 500 jobs: G1 one winner (31).");
    expect(textOf(page)).toContain("There are 26 more.");
    const unknown = [{ guarantee: "G2", about: "job_7", why: "it took too long" }];
    const both = verdict("violated", { violations: broken(1), unknown });
    expect(textOf(reportHtml({ facts: FACTS, summary: SUMMARY, verdict: both }))).toContain(
      "G1 one winner (1). Not all could be judged, either: G2 fenced (1).",
    );
  });

  it("calls no promise kept of which a violation is told, whoever found it", () => {
    const found = [{ guarantee: "G9", message: "a worker is taken for alive", rows: ["worker-1"], story: [] }];
    const page = reportHtml({ facts: FACTS, summary: SUMMARY, verdict: verdict("violated", { violations: found }) });
    expect(rowOf(page, "G9")).toContain("broken 1 time");
    expect(rowOf(page, "G10")).toContain("kept");
    expect(rowOf(page, "G8")).toContain("not judged: no history shows it");
    expect(textOf(page)).not.toContain("Not all could be judged");
  });

  it("of what could not be judged is no success, and says what and why", () => {
    const unknown = [{ guarantee: "G2", about: "job_7", why: "it took too long" }];
    const guarantees = JUDGED.map((each) => standing(each, each === "G2" ? { judgement: "unknown", unknown: 3 } : {}));
    const doubts = ["12 jobs had not ended when there was no more time"];
    const page = reportHtml({
      facts: FACTS,
      summary: SUMMARY,
      verdict: verdict("unknown", { unknown, guarantees }),
      doubts,
    });
    expectWellFormed(page);
    const text = textOf(page);
    expect(page).toContain("<title>Unknown");
    expect(text).toContain("not all of it could be judged: G2 fenced (3). That is not a success.");
    expect(text).toContain(doubts[0]);
    expect(text).toMatch(/job_7 it took too long/);
    expect(text).toContain("And 2 more like these.");
    expect(page).not.toContain("<h1>Sound");
  });

  it("of a history of which nothing is known is whole, too", () => {
    const nothing = verdict("ok", { guarantees: [], checked: { calls: 0, jobs: 0, steps: 0 } });
    const facts = { seed: null, command: "millrace verify --history ./there", environment: [] };
    const page = reportHtml({ facts, summary: summarize([]), verdict: nothing });
    expectWellFormed(page);
    expect(page).not.toMatch(/NaN|Infinity|undefined|null/);
    expect(page).toContain("<title>Sound · millrace verify</title>");
    expect(textOf(page)).toContain("Not judged by this history: G1, G2,");
  });

  it("takes hostile text for text", () => {
    const entries: Entry[] = [
      { type: "process", at: 0, process: HOSTILE, name: HOSTILE, pid: 1, seed: null, role: HOSTILE },
      ...longHistory(20, 60),
      { type: "fault", at: 987_654_400_000, until: 987_654_500_000, fault: HOSTILE, target: HOSTILE },
    ];
    const recoveries = [recovery({ fault: HOSTILE, process: HOSTILE })];
    const page = reportHtml({
      facts: { seed: 1, command: HOSTILE, environment: [[HOSTILE, HOSTILE]] },
      summary: summarize(entries),
      verdict: verdict("violated", {
        violations: broken(2, HOSTILE),
        unknown: [{ guarantee: HOSTILE, about: HOSTILE, why: HOSTILE }],
        recoveries,
      }),
      doubts: [HOSTILE],
      leftOut: [HOSTILE],
    });
    expectWellFormed(page);
    expect(page).not.toMatch(/<script|<img/);
  });

  it("needs nothing else, and follows from what it is given alone", () => {
    const make = (): string =>
      reportHtml({
        facts: FACTS,
        summary: summarize(longHistory(500, 60)),
        verdict: verdict("violated", { violations: broken(2), recoveries: [recovery({})] }),
      });
    expect(make()).toBe(make());
    expect(make()).not.toMatch(/<script|<link|@import|url\(|src=|href=/);
  });

  it("shows how soon jobs ran again, by what had befallen their workers", () => {
    const recoveries = [
      recovery({ tookMs: 1_500 }),
      recovery({ tookMs: 2_600, excusedMs: 200 }),
      recovery({ tookMs: 1_000 }),
      recovery({ fault: "pause", tookMs: 900 }),
    ];
    const page = reportHtml({ facts: FACTS, summary: SUMMARY, verdict: verdict("ok", { recoveries }) });
    expect(cellsOf(rowOf(page, "kill"))).toEqual(["kill", "3", "1.5 s", "2.6 s", "400 ms"]);
    expect(cellsOf(rowOf(page, "pause"))).toEqual(["pause", "1", "900 ms", "900 ms", "0"]);
  });

  it("of 300,000 entries, with all that can be told, is smaller than 500 kB", () => {
    let count = 0;
    function* counted(): Generator<Entry> {
      for (const entry of longHistory(52_000, 30)) {
        count += 1;
        yield entry;
        if (count % 30 === 0) {
          const fault = `fault-${(count / 30) % 15}`;
          yield { type: "fault", at: entry.at, until: entry.at + 1_000, fault, target: "t".repeat(500) };
        }
        if (count % 50 === 0) yield { type: "stall", process: "worker-4", at: entry.at, until: entry.at + 2_000 };
      }
    }
    const summary = summarize(counted());
    expect(count).toBeGreaterThan(300_000);
    const text = "x ".repeat(5_000);
    const story = Array.from({ length: 300 }, (_, i) => ({
      from: i * 9,
      until: i * 9 + 40,
      process: `w${i % 20}`,
      said: text,
    }));
    const violations = broken(300, text).map((each) => ({ ...each, story }));
    const unknown = Array.from({ length: 5_000 }, () => ({ guarantee: "G2", about: text, why: text }));
    const recoveries = Array.from({ length: 5_000 }, (_, i) => recovery({ fault: `${text}${i}` }));
    const usual = reportHtml({ facts: FACTS, summary, verdict: verdict("ok") });
    const worst = reportHtml({
      facts: { ...FACTS, command: text, environment: Array.from({ length: 30 }, () => [text, text]) },
      summary,
      verdict: verdict("violated", { violations, unknown, recoveries }),
      doubts: Array.from({ length: 500 }, () => text),
    });
    expect(Buffer.byteLength(usual)).toBeLessThan(100_000);
    expect(Buffer.byteLength(worst)).toBeLessThan(500_000);
  });
});

function recovery(rest: Partial<Recovery>): Recovery {
  return { job: "job_1", fault: "kill", process: "worker-1", at: 0, leaseMs: 2_000, tookMs: 1, excusedMs: 0, ...rest };
}

function textOf(page: string): string {
  return page
    .replaceAll(/<style>.*?<\/style>/gs, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");
}

function rowOf(page: string, first: string): string {
  const row = [...page.matchAll(/<tr>.*?<\/tr>/gs)].find(([each]) => cellsOf(each)[0]?.split(" ")[0] === first);
  return row?.[0] ?? "";
}

function cellsOf(row: string): readonly string[] {
  return [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, content = ""]) =>
    content.replaceAll(/<[^>]*>/g, ""),
  );
}

import { describe, expect, it } from "vitest";
import type { HistoryViolation, StoryLine } from "../../src/verify/check/verdict.ts";
import { storySvg } from "../../src/verify/report/story-svg.ts";
import { expectWellFormed } from "./well-formed.ts";

const HOSTILE = `"><script>alert(1)</script> & ' ]]> \u0000\u0007\ud800 <!--`;

function violation(story: readonly StoryLine[], rest: Partial<HistoryViolation> = {}): HistoryViolation {
  return { guarantee: "G1", message: "two workers held it", rows: ["job_1"], story, ...rest };
}

const STORY: readonly StoryLine[] = [
  { from: 0, until: 1_000, process: "producer-1", said: "enqueued it" },
  { from: 2_000, until: 3_500, process: "worker-1", said: "claimed it under token 1" },
  { from: 2_400, until: 40_000_000, process: "worker-1", said: "prolonged token 1: held" },
  { from: 50_000, until: null, process: "worker-2", said: "claimed it, and heard no answer" },
  { from: 30_000_000, until: null, process: null, said: "the lease under token 1 was over" },
];

describe("the picture of a story", () => {
  it.each([
    ["of several processes", violation(STORY)],
    ["without a call", violation([])],
    ["of one call at one instant", violation([{ from: 0, until: 0, process: "a", said: "asked" }])],
    [
      "of hostile text",
      violation([{ from: 0, until: 1, process: HOSTILE, said: HOSTILE }], {
        guarantee: HOSTILE,
        message: HOSTILE,
        rows: [HOSTILE],
      }),
    ],
    [
      "of texts without end",
      violation([{ from: 0, until: 1, process: "p".repeat(9_999), said: "x".repeat(99_999) }], {
        message: "é".repeat(9_999),
      }),
    ],
  ])("%s is well-formed, whole and says what it is", (_, each) => {
    const svg = storySvg(each);
    expectWellFormed(svg);
    expect(svg).toMatch(/^<svg [^>]*role="img"[^>]*>\s*<title>[^<]+<\/title>\s*<desc>/);
    expect(svg).not.toMatch(/<script|href|url\(|NaN|Infinity|undefined/);
    expect(svg.length).toBeLessThan(30_000);
  });

  it("names the promise, the message, each process once, and all that was said", () => {
    const words = drawn(storySvg(violation(STORY)));
    expect(words).toContain("G1 one winner");
    expect(words).toContain("two workers held it");
    for (const name of ["producer-1", "worker-1", "worker-2"])
      expect(words.filter((each) => each === name)).toEqual([name]);
    const all = words.join(" ");
    STORY.forEach(({ said }, i) => expect(all).toContain(`${i + 1} ${said}`));
  });

  it("follows from the violation alone", () => {
    expect(storySvg(violation(STORY))).toBe(storySvg(structuredClone(violation(STORY))));
  });

  it("keeps bars in the order of time, and texts of a lane apart, however close the calls are", () => {
    const crowd = Array.from({ length: 30 }, (_, i): StoryLine => {
      const from = i ** 4;
      return {
        from,
        until: from + 5,
        process: `worker-${i % 2}`,
        said: `settled job_${i} as completed under token ${i}, and once more: settled`,
      };
    });
    const svg = storySvg(violation(crowd));
    const bars = [...svg.matchAll(/<rect class="story-call" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g)];
    const byTime = bars.map(([, x]) => Number(x)).toSorted((a, b) => a - b);
    expect(new Set(byTime).size).toBe(crowd.length);
    expect(Math.max(...bars.map(([, x, , width]) => Number(x) + Number(width)))).toBeLessThanOrEqual(960);
    const texts = [
      ...svg.matchAll(/<text class="story-said"( text-anchor="end")? x="([\d.]+)" y="([\d.]+)">(.*?)<\/text>/g),
    ];
    const places = texts.map(([, isFlushRight, x, y, said = ""]) => {
      // No font draws them narrower than that on average; they may not touch even so.
      const width = said.replaceAll(/<[^>]*>/g, "").length * 6;
      const left = Number(x) - (isFlushRight === undefined ? 0 : width);
      return { left, right: left + width, y: Number(y) };
    });
    expect(places.length).toBeGreaterThan(crowd.length);
    for (const a of places)
      for (const b of places) {
        if (a === b || Math.abs(a.y - b.y) >= 12 || b.left < a.left) continue;
        expect(b.left).toBeGreaterThan(a.right);
      }
  });

  it("ends where nobody would read on, and says so", () => {
    const long = Array.from({ length: 500 }, (_, i): StoryLine => {
      return { from: i, until: i + 1, process: `worker-${i}`, said: "asked" };
    });
    const svg = storySvg(violation(long));
    expect(svg).toContain("460 more calls");
    expect(svg.length).toBeLessThan(60_000);
  });
});

/** What stands in the picture, without its title and description. */
function drawn(svg: string): readonly string[] {
  return [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, content = ""]) => content.replaceAll(/<[^>]*>/g, ""));
}

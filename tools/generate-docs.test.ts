import { describe, expect, test } from "vitest";
import { checkCodeBlocks } from "./docs/check-code-blocks.ts";
import { checkConsoles } from "./docs/check-consoles.ts";
import { checkCommandLines } from "./docs/command-lines.ts";
import { checkLinks } from "./docs/links.ts";
import { splitPage, type Page } from "./docs/markdown.ts";
import { checkNamedTests } from "./docs/named-tests.ts";
import { fillRegions } from "./docs/regions.ts";

function aPage(text: string): Page {
  return { path: "docs/page.md", text };
}

const FENCE = "```";

function fenced(info: string, code: string): Page {
  return aPage(`# Page\n\n${FENCE}${info}\n${code}\n${FENCE}\n`);
}

/** A compiler starts for each. */
const COMPILING = { timeout: 120_000 };

describe("blocks of code", () => {
  test("are found with their line and what is said about them", () => {
    expect(splitPage(fenced("ts run", "a();")).blocks).toEqual([
      { path: "docs/page.md", line: 3, info: ["ts", "run"], text: "a();" },
    ]);
  });

  test("must end", () => {
    expect(() => splitPage(aPage(`${FENCE}ts\na();`))).toThrow("docs/page.md:1: the block of code");
  });

  test("are accepted when they compile, and told with the line of the page when they do not", COMPILING, async () => {
    const right = fenced("ts", "const job = await mill.enqueue('a');\nconsole.log(job.id);");
    expect(await checkCodeBlocks([right])).toEqual({ findings: [], count: 1 });
    const wrong = fenced("ts", "const x = 1;\nawait mill.enqeue('a');");
    const { findings } = await checkCodeBlocks([right, wrong]);
    expect(findings.join("\n")).toMatch(/^docs\/page\.md\(5,12\): error TS2551: .*'enqeue'/);
  });

  test("are run when they say so, and must print what they say", COMPILING, async () => {
    const failing = fenced("ts run", "throw new Error('no');");
    const { findings: broken } = await checkCodeBlocks([failing]);
    expect(broken.join("\n")).toContain("docs/page.md:3: the block ended with exit code 1");
    const lying = fenced("ts run", "console.log(1);\n// Output:\n// 2");
    const { findings: different } = await checkCodeBlocks([lying]);
    expect(different.join("\n")).toContain("docs/page.md:3: the block prints something else than it says");
  });
});

describe("links", () => {
  const exists = (path: string): boolean => path === "docs/page.md" || path === "README.md";

  test("to files and headings that are there are accepted", () => {
    const page = aPage("# A page, of `code`\n\n[a](../README.md) [b](#a-page-of-code) [c](https://example.com)");
    expect(checkLinks([page], exists)).toEqual([]);
  });

  for (const [target, why] of [
    ["nothing.md", "leads to nothing"],
    ["#nowhere", "names a heading that docs/page.md does not have"],
    ["/README.md", "begins with a slash"],
    ["../../README.md", "leads out of the repository"],
  ] as const) {
    test(`to ${target} are refused`, () => {
      const findings = checkLinks([aPage(`# Page\n\n[a](${target})`)], exists);
      expect(findings).toHaveLength(1);
      expect(findings[0]).toContain(`docs/page.md:3: the link to ${target} ${why}`);
    });
  }
});

describe("command lines", () => {
  const LINES: readonly (readonly [line: string, problem: string | null])[] = [
    [`npx millrace enqueue greet '{"name": "--ada"}' --in 5m`, null],
    ["millrace jobs list --state failed --json | head", null],
    ["millrace scripts run tone -- hertz:=440", null],
    ["$ millrace --help", null],
    ["millrace jobs lst", "there is no command lst"],
    ["millrace enqueue greet --delay 5m", "there is no --delay"],
    ["npx millrace dispatch", "there is no command dispatch"],
  ];
  for (const [line, problem] of LINES) {
    test(`${problem === null ? "accepts" : "refuses"} ${line}`, async () => {
      const expected = problem === null ? [] : [`docs/page.md:4: ${line}: ${problem}`];
      expect(await checkCommandLines([fenced("sh", line)])).toEqual(expected);
    });
  }
});

describe("sessions in a shell", () => {
  test("are typed again, and may differ in ids and times", async () => {
    const told = `$ millrace enqueue greet 1\njob_${"0".repeat(26)} default#2 queued\n$ true`;
    expect(await checkConsoles([fenced("console run", told)])).toEqual([]);
  });

  test("must print what they say, and end well", async () => {
    const [difference] = await checkConsoles([fenced("console run", "$ echo two\nthree")]);
    expect(difference).toContain("docs/page.md:3: the session prints something else than it says");
    const [failure] = await checkConsoles([fenced("console run", "$ millrace jobs show default#9")]);
    expect(failure).toContain("docs/page.md:3: the session: $ millrace jobs show default#9 ended with exit code 4");
  });
});

describe("the tests of a guarantee", () => {
  const read = (path: string): string => {
    if (path !== "test/a.test.ts") throw new Error("no such file");
    return 'test("one wins")';
  };

  const NAMED = '- [a](../test/a.test.ts): "one wins"';

  test("are accepted when their file has them", () => {
    expect(checkNamedTests(aPage(`## G1 one\n\nTests:\n\n${NAMED}\n\nMutants:\n\n${NAMED}`), read)).toEqual([]);
  });

  for (const [text, finding] of [
    ['- [a](../test/a.test.ts): "all win"', 'there is no "all win" in test/a.test.ts'],
    ['- [b](../test/b.test.ts): "one wins"', "test/b.test.ts cannot be read"],
    ["It is so.", "G1 names no test"],
    [`Mutants:\n\n${NAMED}`, "G1 names no test"],
    [`Tests:\n\n${NAMED}`, "G1 names no mutant"],
    [NAMED, "G1 names no mutant"],
  ] as const) {
    test(`are missed: ${text.replaceAll("\n", " ")}`, () => {
      expect(checkNamedTests(aPage(`## G1 one\n\n${text}`), read).join("\n")).toContain(finding);
    });
  }

  test("are asked of some guarantee", () => {
    expect(checkNamedTests(aPage("# Nothing"), read)).toEqual([
      "docs/page.md: no guarantees were found, so nothing was checked",
    ]);
  });
});

describe("regions", () => {
  const page = aPage("a\n<!-- begin one -->\nold\n<!-- end one -->\nb\n");

  test("are replaced and leave the rest", () => {
    expect(fillRegions(page, { one: () => "new $& text" })).toBe(
      "a\n<!-- begin one -->\n\nnew $& text\n\n<!-- end one -->\nb\n",
    );
  });

  test("must be there", () => {
    expect(() => fillRegions(page, { two: () => "" })).toThrow("docs/page.md has no <!-- begin two -->");
  });
});

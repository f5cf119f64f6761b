import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openMillrace } from "millrace";
import { describe, expect, it, onTestFinished } from "vitest";

const TOUR = fileURLToPath(new URL("../../../../examples/tour/tour.ts", import.meta.url));

interface Run {
  readonly folder: string;
  readonly output: string;
  readonly code: number | null;
}

/** Run the tour in a temporary folder of its own; `onOutput` sees all it has printed so far. */
async function runTour(
  path = process.env["PATH"],
  onOutput?: (output: string, stop: () => void) => void,
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-tour-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const child = spawn(process.execPath, ["--conditions=millrace-source", TOUR, "--once"], {
    cwd: folder,
    env: { ...process.env, PATH: path, TMPDIR: folder, NO_COLOR: "1", FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      onOutput?.(output, () => child.kill("SIGINT"));
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { folder, output, code };
}

/** A folder with nothing but links to these programs. */
function pathWithOnly(programs: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-tour-path-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const known = (process.env["PATH"] ?? "").split(delimiter).flatMap((place) => {
    try {
      return readdirSync(place).map((name) => ({ name, path: join(place, name) }));
    } catch {
      return [];
    }
  });
  mkdirSync(join(folder, "bin"));
  for (const name of programs) {
    const found = known.find((program) => program.name === name);
    if (found !== undefined) symlinkSync(found.path, join(folder, "bin", name));
  }
  return join(folder, "bin");
}

describe("the tour", () => {
  it("runs its jobs, shows them in a table, finds all as it should be, and ends with exit code 0", async () => {
    const { folder, output, code } = await runTour();
    expect(output).toMatch(/^ +#\d+ +slow +cancelled +1 +[\d.]+ s +cancelled while it ran$/m);
    expect(output).toMatch(/^ +#\d+ +flaky +completed +3 +[\d.]+ s +attempt 3$/m);
    expect(output).toMatch(/^ +#\d+ +broken +failed +1 +[\d.]+ s +there is no film in this file$/m);
    expect(output).toMatch(/^ +#\d+ +compress +\S+ +completed +1 +[\d.]+ s +bytes \d+ · gzip \d+ · brotli \d+/m);
    expect(output).toMatch(/^ {2}✔ verify: \d+ jobs checked, no promise broken$/m);
    expect(output).not.toContain("✘");
    expect(code).toBe(0);

    // What it printed is what lies in the database that it left behind.
    const [tour = ""] = readdirSync(folder);
    const mill = await openMillrace(`sqlite:${join(folder, tour, "millrace.db")}`);
    onTestFinished(() => mill.close());
    const counts = await mill.counts();
    expect(counts).toMatchObject({ failed: 1, cancelled: 1, running: 0, queued: 0, scheduled: 0, blocked: 0 });
    expect(output).toContain(`all ${counts.completed + 2} jobs ended as they should`);
    expect(counts.completed).toBeGreaterThan(100);
  });

  it("says which tools are missing, leaves their jobs out, and is content", async () => {
    const { output, code } = await runTour(pathWithOnly(["sh", "sleep", "rm", "mv"]));
    expect(output).toMatch(/^ {2}Skipped: checksum, since .* needs bash, and there is no bash on this machine$/m);
    expect(output).toMatch(/^ {2}Skipped: count-words, since .* needs python3/m);
    expect(output).toMatch(/^ {2}compress +\d+/m);
    expect(output).not.toMatch(/^ {2}checksum +\d+/m);
    expect(output).not.toContain("✘");
    expect(code).toBe(0);
  });

  it("stops at an interrupt, and ends with an exit code that is not 0", async () => {
    let isStopped = false;
    const { output, code } = await runTour(undefined, (printed, stop) => {
      if (isStopped || !/\d+ of \d+ jobs have ended/.test(printed)) return;
      isStopped = true;
      stop();
    });
    expect(output).toContain("Interrupted");
    expect(output).toContain("not true: all");
    expect(output).toMatch(/✔ verify: \d+ jobs checked, no promise broken/);
    expect(code).toBe(1);
  });
});

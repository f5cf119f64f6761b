import { expect, it } from "vitest";
import { shrinkDrive } from "../../src/verify/drive/shrink-drive.ts";
import { resolveVerifyOptions, type VerifyOptions } from "../../src/verify/drive/verify-options.ts";
import type { VerifyOutcome } from "../../src/verify/index.ts";

const OPTIONS: VerifyOptions = {
  store: "sqlite:./any.db",
  workers: 16,
  jobs: 4_000,
  seconds: 30,
  faults: ["kill", "pause"],
  seed: 1,
  report: "./report",
};
const FINDING = { guarantee: "G4", message: "a gap", rows: [], story: [] };

/** Drives that find something whenever there is enough of all that it takes. */
function storeThatBreaksWith(isEnough: (options: ReturnType<typeof resolveVerifyOptions>) => boolean) {
  const asked: VerifyOptions[] = [];
  const drive = async (input: VerifyOptions): Promise<VerifyOutcome> => {
    asked.push(input);
    const options = resolveVerifyOptions(input);
    const figures = { jobs: options.jobs, seconds: { driving: options.seconds, draining: 0, checking: 0 } };
    return { seed: options.seed, violations: isEnough(options) ? [FINDING] : [], figures } as unknown as VerifyOutcome;
  };
  return { asked, drive };
}

it("the smallest drive that still shows it is found, with the same seed and into no report", async () => {
  const { asked, drive } = storeThatBreaksWith(({ jobs, faults, seed }) => {
    return jobs >= 100 && faults.includes("pause") && seed === 1;
  });
  const found = await drive(OPTIONS);
  expect(await shrinkDrive(OPTIONS, found, drive)).toMatchObject({
    jobs: 250,
    faults: ["pause"],
    workers: 2,
    seconds: 2,
  });
  expect(asked.slice(1).filter(({ seed, report }) => seed !== 1 || report !== undefined)).toEqual([]);
});

it("what shows no more is given up after a dozen drives", async () => {
  let isFirst = true;
  const { asked, drive } = storeThatBreaksWith(() => {
    const was = isFirst;
    isFirst = false;
    return was;
  });
  expect(await shrinkDrive(OPTIONS, await drive(OPTIONS), drive)).toBe(null);
  expect(asked.length).toBeLessThanOrEqual(13);
});

it("another guarantee than the one that was broken does not count", async () => {
  const { drive } = storeThatBreaksWith(() => true);
  const found = { ...(await drive(OPTIONS)), violations: [{ ...FINDING, guarantee: "G1" }] };
  expect(await shrinkDrive(OPTIONS, found, drive)).toBe(null);
});

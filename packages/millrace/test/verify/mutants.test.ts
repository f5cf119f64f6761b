import { afterAll, describe, expect, it } from "vitest";
import { BUGS } from "../stores/mutants/bugs.ts";
import { Edits, mutantsOf } from "../stores/mutants/mutant.ts";
import { fileProvider } from "../stores/sqlite-provider.ts";
import { verdictOn } from "./verdict-on.ts";

/** Bugs that show in what is asked and answered, and the promises that the stories show to be broken. */
const CONVICTED: readonly (readonly [bug: string, guarantees: readonly string[]])[] = [
  ["claim reads the queued row in one transaction and updates it, unguarded, in the next", ["G1"]],
  ["settle is guarded by the state alone and ignores the token", ["G1", "G2", "G6"]],
  ["heartbeats, reports and enqueues under a lease ignore the token", ["G2"]],
  ["a completion overwrites a cancel that was accepted", ["G7"]],
  ["a heartbeat says held and prolongs nothing", ["G1", "G2"]],
];
const MOST_SEEDS = 10;

describe("the history of a store that", () => {
  const stories: string[] = [];
  afterAll(() => void process.stdout.write(`${stories.join("\n")}\n`));

  it.each(CONVICTED)("%s cannot be true", { timeout: 120_000 }, async (bug, guarantees) => {
    const mutant = mutantsOf("sqlite", BUGS).find((each) => each.bug === bug);
    if (mutant === undefined) throw new Error(`no mutant: ${bug}`);
    const { wrap, edits } = mutant;
    for (let seed = 1; seed <= MOST_SEEDS; seed++) {
      const provider = fileProvider({ edit: new Edits(edits).edit, ...(wrap === undefined ? {} : { wrap }) });
      const { violations, checked } = await verdictOn(provider, seed, 60);
      const found = violations.find(({ guarantee }) => guarantees.includes(guarantee));
      if (found === undefined) continue;
      const story = found.story.map(({ process: who, said }) => `${who ?? ""} ${said}`.trim());
      stories.push(
        `${found.guarantee}: ${bug}\n    after ${checked.calls} calls: ${story.join("; ") || found.message}`,
      );
      return;
    }
    expect.fail(`${MOST_SEEDS} histories of it were found to be sound`);
  });
});

import { describe, expect, it } from "vitest";
import { isFinal, JOB_STATES, STATES, type JobState } from "./states.ts";

describe("the seven states", () => {
  it("are all there, in the order of a job's life", () =>
    expect(JOB_STATES).toEqual(["blocked", "scheduled", "queued", "running", "completed", "failed", "cancelled"]));

  it("are final when nothing leaves them", () => {
    expect(JOB_STATES.filter(isFinal)).toEqual(["completed", "failed", "cancelled"]);
  });

  it("share a table only where they are final", () => {
    const tables = JOB_STATES.filter((state) => !isFinal(state)).map((state) => STATES[state].table);
    expect(new Set(tables).size).toBe(tables.length);
    expect(JOB_STATES.filter(isFinal).map((state) => STATES[state].table)).toEqual(["done", "done", "done"]);
  });

  it("lead to a final state from everywhere, and nothing but a claim leads to running", () => {
    const next = (state: JobState): readonly JobState[] => STATES[state].next;
    const reach = (state: JobState, seen = new Set<JobState>()): ReadonlySet<JobState> => {
      if (!seen.has(state)) {
        seen.add(state);
        for (const to of next(state)) reach(to, seen);
      }
      return seen;
    };
    for (const state of JOB_STATES) expect([...reach(state)].some(isFinal)).toBe(true);
    expect(JOB_STATES.filter((state) => next(state).includes("running"))).toEqual(["queued"]);
    for (const state of JOB_STATES.filter((each) => !isFinal(each))) expect(next(state)).toContain("cancelled");
  });
});

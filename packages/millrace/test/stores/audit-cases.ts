import { describe, expect, test } from "vitest";
import type { AuditDialect } from "../../src/stores/sql/audit-query.ts";
import {
  ATTEMPT_RULES,
  COUNTER_RULES,
  HANGING_RULES,
  JOB_RULES,
  LANE_RULES,
  lateRules,
  LOG_RULES,
  NUMBER_RULES,
} from "../../src/stores/sql/audit-rules.ts";
import type { Store } from "../../src/core/store.ts";
import { enqueueAll, requests } from "../../src/testing/factory.ts";
import { setScene } from "./damage-scene.ts";
import { DAMAGE, type Hand } from "./damage.ts";

const MORE = 25;

/** A store, and somebody who writes into its data past all rules. */
export interface DamagedStore {
  readonly store: Store;
  readonly hand: Hand;
  readonly write: (sql: string) => Promise<void>;
}

/** The audit of a kind of store finds each damage, and all of it. */
export function auditFindings(
  kind: "sqlite" | "postgres",
  dialect: AuditDialect,
  open: () => Promise<DamagedStore>,
): void {
  const damages = DAMAGE.filter(({ only = kind }) => only === kind);

  test.for(damages)("finds that $what", async ({ guarantee, says, sql }) => {
    const { store, hand, write } = await open();
    const scene = await setScene(store);
    expect(await store.audit()).toMatchObject({ verdict: "sound", jobs: 8, violations: [] });
    await write(sql(hand, scene));
    const { verdict, violations } = await store.audit({ sliceRows: 3 });
    expect(verdict).toBe("violated");
    expect(violations.map((violation) => [violation.guarantee, violation.message])).toContainEqual([guarantee, says]);
    for (const { rows, count } of violations) expect(count).toBe(rows.length);
  });

  test("is not alarmed by what is late for a moment", async () => {
    const { store, hand, write } = await open();
    await setScene(store);
    const [scheduled, worker] = [hand.table("scheduled"), hand.table("worker")];
    await write(`UPDATE ${scheduled} SET run_at = run_at - 3600000 WHERE token > 0;
      UPDATE ${worker} SET started_at = started_at - 3600000, alive_until = alive_until + 3600000`);
    let healing: Promise<void> | undefined;
    const { verdict, violations } = await store.audit({
      onProgress: () => {
        healing ??= write(`UPDATE ${scheduled} SET run_at = run_at + 3600000 WHERE token > 0`);
      },
    });
    await healing;
    expect([verdict, violations]).toEqual(["sound", []]);
  });

  test("has a damage for each of its rules", () => {
    const shared = [JOB_RULES, lateRules("worker"), HANGING_RULES, ATTEMPT_RULES, LOG_RULES];
    const rules = [...shared, NUMBER_RULES, COUNTER_RULES, LANE_RULES, dialect.jobRules].flat();
    const said = new Set(damages.map(({ guarantee, says }) => `${guarantee}: ${says}`));
    expect(rules.map(({ guarantee, message }) => `${guarantee}: ${message}`).filter((rule) => !said.has(rule))).toEqual(
      [],
    );
  });

  describe("in slices", () => {
    test.for([1, 4, 1_000])("names ten rows of a finding and counts all, %i rows at a time", async (sliceRows) => {
      const { store, hand, write } = await open();
      await setScene(store);
      await enqueueAll(store, requests(MORE));
      await write(`DELETE FROM ${hand.table("ready")}`);
      const { jobs, violations } = await store.audit({ sliceRows });
      expect(jobs).toBe(MORE + 8);
      // Those that were added, and three that waited before.
      expect(violations).toMatchObject([{ guarantee: "G3", count: MORE + 3 }]);
      expect(new Set(violations[0]?.rows).size).toBe(10);
    });

    test("meets what no job is near to, however much it is", async () => {
      const { store, hand, write } = await open();
      await setScene(store);
      await write(`INSERT INTO ${hand.table("blocked")} (job, lane, priority, run_at, attempt, token, started_at)
        SELECT 1000000 + seq, lane, priority, run_at, 0, 0, NULL FROM ${hand.table("job")}`);
      const { violations } = await store.audit({ sliceRows: 2 });
      expect(violations).toMatchObject([{ guarantee: "G3", count: 8 }]);
    });

    test("says what it had no time for, and does not call it sound", async () => {
      const { store } = await open();
      await setScene(store);
      const none = await store.audit({ limitMs: 0 });
      expect(none).toMatchObject({ verdict: "unknown", jobs: 0, violations: [] });
      expect(none.parts.filter(({ isComplete }) => isComplete)).toEqual([]);

      const startedAt = performance.now();
      const first = await store.audit({
        limitMs: 2_000,
        sliceRows: 3,
        // The first round is over; the time is as well.
        onProgress: () => {
          while (performance.now() < startedAt + 2_100);
        },
      });
      expect(first).toMatchObject({ verdict: "unknown", jobs: 3, violations: [] });
      const complete = first.parts.filter(({ isComplete }) => isComplete).map(({ part }) => part);
      expect(complete).toEqual(expect.arrayContaining(["counters", "lanes"]));
      expect(complete).not.toContain("jobs");
    });

    test("calls what it found a violation, also when it had no time for all", async () => {
      const { store, hand, write } = await open();
      await setScene(store);
      await write(`DELETE FROM ${hand.table("scheduled")}`);
      const startedAt = performance.now();
      const { verdict, parts } = await store.audit({
        limitMs: 2_000,
        sliceRows: 3,
        onProgress: () => {
          while (performance.now() < startedAt + 2_100);
        },
      });
      expect([verdict, parts.some(({ isComplete }) => !isComplete)]).toEqual(["violated", true]);
    });
  });
}

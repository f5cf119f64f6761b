import { describe, expect, onTestFinished, test } from "vitest";
import { openPostgres, planMigrations } from "../../src/stores/postgres/index.ts";
import { MIGRATIONS } from "../../src/stores/postgres/migrations/index.ts";
import { claimOne, enqueueAll, enqueueOne, moves, refOf, requests, settleOne } from "../../src/testing/factory.ts";
import { assertSound } from "../../src/testing/index.ts";
import { adminQuery, missingPostgres, newSchema, type TestSchema } from "./test-database.ts";

describe.skipIf(missingPostgres() !== undefined)("opening a schema", () => {
  test.each(MIGRATIONS.slice(0, -1))(
    "of version $version brings it up to date, and everything in it goes on",
    async ({ version }) => {
      const newer = aSchema();
      const before = await openPostgres({ target: newer.url });
      const jobs = await enqueueAll(before, requests(3));
      await settleOne(before, await claimOne(before), moves.complete("done"));
      const claim = await claimOne(before);
      await before.close();
      const old = aSchema();
      await copyAsOf(version, newer, old);
      await expect(openPostgres({ target: old.url, migrate: false })).rejects.toMatchObject({ code: "schema_too_old" });
      const after = await openPostgres({ target: old.url });
      expect(await settleOne(after, claim, moves.complete())).toBe("settled");
      const states = (await after.get(jobs.map(({ id }) => id))).map((job) => job?.state);
      expect(states).toEqual(["completed", "completed", "queued"]);
      const companion = { sealed: "secret", trace: null };
      const { id, number } = await enqueueOne(after, { companion, priority: 1 });
      expect(number).toBe(4);
      const next = await claimOne(after);
      expect([next.job.id, await after.companions([refOf(next)])]).toEqual([id, [companion]]);
      await assertSound(after);
      await after.close();
    },
  );
});

function aSchema(): TestSchema {
  const schema = newSchema();
  onTestFinished(({ task }) => schema.end(task.result?.state === "fail"));
  return schema;
}

/** A schema as a program would have made it that knew steps up to `version` only, with all rows it has a place for. */
async function copyAsOf(version: number, newer: TestSchema, old: TestSchema): Promise<void> {
  for (const step of (await planMigrations({ target: old.url })).filter((each) => each.version <= version)) {
    const record = `INSERT INTO ${old.name}.migration VALUES (${step.version}, '${step.name}', 0)`;
    await adminQuery(`SET client_min_messages = warning; ${step.sql}; ${record}; RESET client_min_messages`);
  }
  await adminQuery(`DO $$
    DECLARE
      each record;
      latest bigint;
    BEGIN
      SET LOCAL session_replication_role = replica;
      FOR each IN
        SELECT table_name AS name, string_agg(format('%I', column_name), ', ') AS columns,
          max(column_name) FILTER (WHERE is_identity = 'YES') AS counted
        FROM information_schema.columns
        WHERE table_schema = '${old.name}' AND table_name IN (
          SELECT tablename FROM pg_tables WHERE schemaname = '${old.name}' AND tablename <> 'migration')
        GROUP BY table_name
      LOOP
        EXECUTE format('INSERT INTO ${old.name}.%1$I (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM ${newer.name}.%1$I',
          each.name, each.columns);
        IF each.counted IS NOT NULL THEN
          EXECUTE format('SELECT max(%I) FROM ${newer.name}.%I', each.counted, each.name) INTO latest;
          PERFORM setval(pg_get_serial_sequence(format('${old.name}.%I', each.name), each.counted), coalesce(latest, 1));
        END IF;
      END LOOP;
      PERFORM setval('${old.name}.lane_number', (SELECT last_value FROM ${newer.name}.lane_number));
    END $$`);
}

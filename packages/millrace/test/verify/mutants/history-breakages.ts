import type { JobId } from "../../../src/core/job.ts";
import type { Settlement } from "../../../src/core/settlement.ts";
import type { Breakage } from "../../stores/mutants/mutant.ts";
import * as postgres from "../../stores/mutants/postgres-wrappers.ts";
import * as sqlite from "../../stores/mutants/sqlite-wrappers.ts";

/** Bugs that need time to pass, or a worker that comes too late, and so a history to be seen. */

/** "It has started" is written down when the worker is heard of next, be the job done by then. */
const START_LATE_SQLITE =
  "UPDATE millrace_done SET started_at = ?1, attempt_started_at = ?1 WHERE job = (SELECT seq FROM millrace_job WHERE id = ?2)";
const START_LATE_POSTGRES =
  "UPDATE millrace.done SET started_at = $1, attempt_started_at = $1 WHERE job = (SELECT seq FROM millrace.job WHERE id = $2)";

export const startsLate: { readonly sqlite: Breakage; readonly postgres: Breakage } = {
  sqlite: {
    wrap: sqlite.beside((sound, db, now) => {
      db.exec("DROP TRIGGER IF EXISTS millrace_done_is_final");
      db.pragma("ignore_check_constraints = ON");
      const told: JobId[] = [];
      return {
        async claim(request, wait) {
          for (const job of told.splice(0)) db.prepare(START_LATE_SQLITE).run({ 1: now(), 2: job });
          const claims = await sound.claim(request, wait);
          told.push(...claims.map(({ job }) => job.id));
          return claims;
        },
      };
    }),
  },
  postgres: {
    wrap: postgres.beside((sound, query, now) => {
      const told: JobId[] = [];
      return {
        async claim(request, wait) {
          for (const job of told.splice(0)) await query(START_LATE_POSTGRES, now(), job);
          const claims = await sound.claim(request, wait);
          told.push(...claims.map(({ job }) => job.id));
          return claims;
        },
      };
    }),
    edits: {
      MIGRATION_1: [
        ["FOR EACH ROW EXECUTE", "FOR EACH ROW WHEN (false) EXECUTE"],
        ["CHECK (finished_at >= attempt_started_at),", ""],
      ],
    },
  },
};

interface LateEnd {
  readonly job: JobId;
  readonly state: string;
  readonly result: string | null;
  readonly error: string | null;
}

/** The ends of attempts whose lease was lost. */
function lateEnds(settlements: readonly Settlement[], statuses: readonly string[]): readonly LateEnd[] {
  return settlements.flatMap(({ job, move }, i) => {
    if (statuses[i] !== "lost" || move.to !== "done") return [];
    const { state } = move;
    const error = { name: "Error", message: "late", permanent: true, attempt: 1 };
    return [
      {
        job,
        state,
        result: state === "completed" ? "null" : null,
        error: state === "failed" ? JSON.stringify(error) : null,
      },
    ];
  });
}

export const endsByIdAlone: { readonly sqlite: Breakage; readonly postgres: Breakage } = {
  sqlite: {
    wrap: sqlite.beside((sound, db) => {
      db.exec("DROP TRIGGER IF EXISTS millrace_done_is_final");
      const write = db.prepare(
        "UPDATE millrace_done SET state = ?2, result = ?3, error = ?4 WHERE job = (SELECT seq FROM millrace_job WHERE id = ?1) AND started_at IS NOT NULL",
      );
      return {
        async settle(settlements) {
          const statuses = await sound.settle(settlements);
          for (const { job, state, result, error } of lateEnds(settlements, statuses)) {
            write.run({ 1: job, 2: state, 3: result, 4: error });
          }
          return statuses;
        },
      };
    }),
  },
  postgres: {
    wrap: postgres.beside((sound, query) => ({
      async settle(settlements) {
        const statuses = await sound.settle(settlements);
        for (const { job, state, result, error } of lateEnds(settlements, statuses)) {
          await query(
            "UPDATE millrace.done SET state = $2, result = $3, error = $4 WHERE job = (SELECT seq FROM millrace.job WHERE id = $1) AND started_at IS NOT NULL",
            job,
            state,
            result,
            error,
          );
        }
        return statuses;
      },
    })),
    edits: postgres.DONE_MAY_CHANGE,
  },
};

import type { DoneTicket, JobRecord, WaitingTicket } from "../../core/transfer.ts";
import { numberArray, textArray } from "./arrays.ts";
import type { Session } from "./session.ts";
import type { NamedSql } from "./statements.ts";

const PLACES = ["ready", "scheduled", "blocked"] as const;

const ADD_WAITING = Object.fromEntries(
  PLACES.map((place) => [
    place,
    {
      name: `IMPORT_${place.toUpperCase()}`,
      sql: `INSERT INTO millrace.${place} (job, lane, priority, run_at, attempt, token, started_at)
            SELECT * FROM unnest($1::text::bigint[], $2::text::bigint[], $3::text::integer[], $4::text::bigint[],
              $5::text::integer[], $6::text::bigint[], $7::text::bigint[])`,
    },
  ]),
) as Readonly<Record<(typeof PLACES)[number], NamedSql>>;

const ADD_DONE: NamedSql = {
  name: "IMPORT_DONE",
  sql: `INSERT INTO millrace.done (job, state, attempt, token, ended_by, worker, started_at, attempt_started_at, finished_at,
          result, error, cancel_requested_at, cancelled_by, cancel_reason, percent, message)
        SELECT * FROM unnest($1::text::bigint[], $2::text::text[], $3::text::integer[], $4::text::bigint[], $5::text::text[],
          $6::text::text[], $7::text::bigint[], $8::text::bigint[], $9::text::bigint[], $10::text::text[], $11::text::text[],
          $12::text::bigint[], $13::text::text[], $14::text::text[], $15::text::float8[], $16::text::text[])`,
};

interface PlacedJob {
  readonly record: JobRecord;
  readonly lane: number;
  readonly job: number;
}

/** Where the jobs stand, one row for each in the table that its ticket names. */
export async function writeTickets(session: Session, jobs: readonly PlacedJob[]): Promise<void> {
  const ended: { readonly job: number; readonly done: DoneTicket }[] = [];
  const waiting: (PlacedJob & { readonly ticket: WaitingTicket })[] = [];
  for (const each of jobs) {
    const { ticket } = each.record;
    if (ticket.place === "done") ended.push({ job: each.job, done: ticket });
    else waiting.push({ ...each, ticket });
  }
  for (const place of PLACES) {
    const list = waiting.filter(({ ticket }) => ticket.place === place);
    if (list.length === 0) continue;
    await session.run(
      ADD_WAITING[place],
      numberArray(list.map(({ job }) => job)),
      numberArray(list.map(({ lane }) => lane)),
      numberArray(list.map(({ record }) => record.priority)),
      numberArray(list.map(({ ticket }) => ticket.runAt)),
      numberArray(list.map(({ ticket }) => ticket.attempt)),
      numberArray(list.map(({ ticket }) => ticket.token)),
      numberArray(list.map(({ ticket }) => ticket.startedAt)),
    );
  }
  if (ended.length > 0) await writeOutcomes(session, ended);
}

async function writeOutcomes(
  session: Session,
  list: readonly { readonly job: number; readonly done: DoneTicket }[],
): Promise<void> {
  const numbers = (pick: (done: DoneTicket) => number | null): string =>
    numberArray(list.map(({ done }) => pick(done)));
  const texts = (pick: (done: DoneTicket) => string | null): string => textArray(list.map(({ done }) => pick(done)));
  await session.run(
    ADD_DONE,
    numberArray(list.map(({ job }) => job)),
    texts(({ state }) => state),
    numbers(({ attempt }) => attempt),
    numbers(({ token }) => token),
    texts(({ endedBy }) => endedBy),
    texts(({ worker }) => worker),
    numbers(({ startedAt }) => startedAt),
    numbers(({ attemptStartedAt }) => attemptStartedAt),
    numbers(({ finishedAt }) => finishedAt),
    texts(({ result }) => result),
    texts(({ error }) => (error === null ? null : JSON.stringify(error))),
    numbers(({ cancelRequestedAt }) => cancelRequestedAt),
    texts(({ cancelledBy }) => cancelledBy),
    texts(({ cancelReason }) => cancelReason),
    numbers(({ percent }) => percent),
    texts(({ message }) => message),
  );
}

import type { Command } from "commander";
import type { JobFilter } from "../../core/store.ts";
import { JOB_STATES, type JobState } from "../../core/states.ts";
import { show } from "../../core/options.ts";
import { countFlag, nameFlag } from "../flags.ts";
import { given } from "../given.ts";
import { guide } from "../guide.ts";
import { jobColumns } from "../job-view.ts";
import type { Session } from "../session.ts";
import { UsageError, unknownWord } from "../usage-error.ts";

const MAX_LIMIT = 1_000;

interface ListFlags {
  readonly state?: readonly JobState[];
  readonly queue?: string;
  readonly kind?: string;
  readonly scope?: string;
  readonly group?: string;
  readonly tag?: string;
  readonly search?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export function defineJobsList(command: Command, session: Session): void {
  guide(command, {
    description: "List jobs, the newest first.",
    examples: [
      "millrace jobs list --state failed,cancelled --queue mail",
      "millrace jobs list --tag customer=42 --limit 200 --json",
    ],
  })
    .option("--state <states>", `one or more of ${JOB_STATES.join(", ")}, apart by commas`, readStates)
    .option("--queue <name>", "of this queue", nameFlag("--queue"))
    .option("--kind <kind>", "of this kind", nameFlag("--kind"))
    .option("--scope <name>", "numbered under this scope", nameFlag("--scope"))
    .option("--group <name>", "of this group", nameFlag("--group"))
    .option("--tag <tag>", "with this tag: name, or name=value")
    .option("--search <text>", "with this text in id, kind, key or group")
    .option("--limit <count>", `at most so many, up to ${MAX_LIMIT}`, readLimit, 50)
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(async (flags: ListFlags) =>
      session.withMill(async (mill) => {
        const { limit, cursor } = flags;
        const page = await mill.list(filterOf(flags), { limit, ...(cursor === undefined ? {} : { cursor }) });
        const { out } = session;
        out.table(page, jobColumns(out), page.jobs, "No jobs.");
        if (page.nextCursor !== null && !out.isJson) out.note(`There are more: --cursor ${page.nextCursor}`);
      }),
    );
}

function readStates(text: string): readonly JobState[] {
  return text.split(",").map((word) => {
    const state = JOB_STATES.find((known) => known === word.trim());
    if (state === undefined) throw unknownWord(`--state: ${show(word)} is no state`, word, JOB_STATES);
    return state;
  });
}

function readLimit(text: string): number {
  const limit = countFlag("--limit")(text);
  if (limit <= MAX_LIMIT) return limit;
  throw new UsageError(`--limit: at most ${MAX_LIMIT} jobs come at once; got ${limit}`, {
    suggestion: "read page by page, with --cursor",
  });
}

type Filter = Pick<JobFilter, "state" | "queue" | "kind" | "scope" | "group" | "tag" | "q">;

function filterOf({ state, queue, kind, scope, group, tag, search }: ListFlags): Filter {
  return given<Filter>({ state, queue, kind, scope, group, tag, q: search });
}

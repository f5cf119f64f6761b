import type { Command } from "commander";
import { guide, guideGroup } from "../guide.ts";
import { findJob, JOB_NAME_HELP, parseJobName, type JobName } from "../job-name.ts";
import { jobFields, jobLine } from "../job-view.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { defineByHand } from "./jobs-by-hand.ts";
import { defineJobsList } from "./jobs-list.ts";
import { defineJobsLogs } from "./jobs-logs.ts";

const NAME_EXITS = { 2: "wrong usage, or the name fits several jobs", 4: "there is no such job" } as const;

export function defineJobs(command: Command, session: Session): void {
  guideGroup(command, "List, show, follow, cancel, retry and explain jobs; claim and report those done by hand.", [
    "millrace jobs list --state failed --queue mail",
    "millrace jobs show mail#42",
    "millrace jobs logs mail#42 --follow",
  ]);
  defineJobsList(command.command("list"), session);
  defineShow(command.command("show"), session);
  defineJobsLogs(command.command("logs"), session);
  defineCancel(command.command("cancel"), session);
  defineRetry(command.command("retry"), session);
  defineExplain(command.command("explain"), session);
  defineByHand(command, session);
}

function defineShow(command: Command, session: Session): void {
  guide(command, {
    description: "Show everything about a job, its tries included.",
    examples: ["millrace jobs show mail#42", "millrace jobs show job_01jd5x --json"],
    exits: NAME_EXITS,
  })
    .argument("<job>", JOB_NAME_HELP, parseJobName)
    .action(async (name: JobName) =>
      session.withMill(async (mill) => {
        const job = await findJob(mill, name);
        const attempts = await mill.attempts(job.id);
        // Over a server nobody reports by hand.
        const lateReports = session.server() === null ? await mill.byHand().lateReports(job.id) : [];
        session.out.fields({ ...job, attempts, lateReports }, () => [
          ...jobFields(job, attempts, session.out),
          ...lateReports.map(
            ({ by, at, report }) => ["late report", `${session.out.instant(at)} by ${by}: ${report}`] as const,
          ),
        ]);
      }),
    );
}

function defineCancel(command: Command, session: Session): void {
  guide(command, {
    description: "Cancel a job. A running one is told to stop, and ends as cancelled within its grace period.",
    examples: ["millrace jobs cancel mail#42", 'millrace jobs cancel video#7 --reason "wrong file"'],
    exits: { ...NAME_EXITS, 5: "it has completed or failed already" },
  })
    .argument("<job>", JOB_NAME_HELP, parseJobName)
    .option("--reason <text>", "why, kept with the job")
    .option("--by <name>", "who, kept with the job (default: whoever is logged in; a server knows it by the key)")
    .action(async (name: JobName, flags: { readonly reason?: string; readonly by?: string }) => {
      if (flags.by !== undefined && session.server() !== null) {
        throw new UsageError("--by: a server writes down whose key it is, and nobody else");
      }
      await session.withMill(async (mill) => {
        const { id } = await findJob(mill, name);
        const by = flags.by ?? session.env.user;
        const job = await mill.cancel(id, {
          ...(by === null ? {} : { by }),
          ...(flags.reason === undefined ? {} : { reason: flags.reason }),
        });
        session.out.answer(job, () => [
          jobLine(job, session.out),
          ...(job.state === "running" ? ["It runs; its worker has been told to stop."] : []),
        ]);
      });
    });
}

function defineRetry(command: Command, session: Session): void {
  guide(command, {
    description: "Run a finished job again, as a new job with a number of its own.",
    notes: ["With --adopt the new job is completed at once, with the report that came too late for the old one."],
    examples: ["millrace jobs retry mail#42", "millrace jobs retry docs#7 --adopt"],
    exits: { ...NAME_EXITS, 5: "it has not ended yet, or has no late report to adopt" },
  })
    .argument("<job>", JOB_NAME_HELP, parseJobName)
    .option("--adopt", "complete it with what was reported too late")
    .action(async (name: JobName, { adopt }: { readonly adopt?: true }) => {
      if (adopt === true) session.storeTarget();
      await session.withMill(async (mill) => {
        const { id } = await findJob(mill, name);
        const { user } = session.env;
        const by = user === null ? {} : { by: user };
        const hand = user === null ? {} : { name: user };
        const job = await (adopt === true ? mill.byHand(hand).adopt(id, by) : mill.retry(id, by));
        session.out.answer(job, () => [jobLine(job, session.out)]);
      });
    });
}

function defineExplain(command: Command, session: Session): void {
  guide(command, {
    description: "Say why a job is where it is, and what it waits for.",
    examples: ["millrace jobs explain mail#42"],
    exits: NAME_EXITS,
  })
    .argument("<job>", JOB_NAME_HELP, parseJobName)
    .action(async (name: JobName) =>
      session.withMill(async (mill) => {
        const { id } = await findJob(mill, name);
        const explanation = await mill.explain(id);
        session.out.answer(explanation, () => [jobLine(explanation.job, session.out), ...explanation.sentences]);
      }),
    );
}

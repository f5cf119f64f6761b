import type { Command } from "commander";
import { isMillraceError } from "../../core/errors.ts";
import type { Job } from "../../core/job.ts";
import type { JsonValue } from "../../core/json.ts";
import type { ByHand, HandReport, HeldJob, Millrace } from "../../index.ts";
import { countFlag, durationFlag, nameFlag } from "../flags.ts";
import { guide } from "../guide.ts";
import { findJob, JOB_NAME_HELP, jobLabel, parseJobName, type JobName } from "../job-name.ts";
import { jobLine, jsonOf } from "../job-view.ts";
import { KeptTokens } from "../kept-tokens.ts";
import { readPayload } from "../payload.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

interface TokenFlag {
  readonly token?: number;
}

const EXITS = {
  4: "there is no such job",
  5: "it is not held, or this came too late",
} as const;

/** `claim`, `complete`, `fail`, `extend` and `release`, for jobs that require `manual`. */
export function defineByHand(group: Command, session: Session): void {
  defineClaim(group.command("claim"), session);
  defineComplete(group.command("complete"), session);
  defineFail(group.command("fail"), session);
  defineExtend(group.command("extend"), session);
  defineRelease(group.command("release"), session);
}

function defineClaim(command: Command, session: Session): void {
  guide(command, {
    description: "Take a job that is done by hand, and show what is to be done.",
    notes: [
      "A job is done by hand when it requires the label manual. Its time limit, five minutes unless it says otherwise,\n" +
        "counts from now; at twice the limit it fails. The token of the claim is kept, so that the name of the job is\n" +
        "enough to report it.",
    ],
    examples: ["millrace jobs claim --queue docs", "millrace jobs claim docs#7 --json"],
    exits: { 1: "with --queue: no job waits there", 4: EXITS[4], 5: "somebody else has it, or it does not wait" },
  })
    .argument("[job]", JOB_NAME_HELP, parseJobName)
    .option("--queue <name>", "the next job of this queue", nameFlag("--queue"))
    .action(async (name: JobName | undefined, { queue }: { readonly queue?: string }) => {
      if ((name === undefined) === (queue === undefined)) {
        throw new UsageError("say which job to claim", { validOptions: ["a job such as docs#7", "--queue docs"] });
      }
      await atWork(session, async (hand, mill, tokens) => {
        const held =
          name === undefined ? await hand.claim(queue ?? "") : await hand.claimJob((await findJob(mill, name)).id);
        if (held !== null) tokens.keep(held.job, held.token);
        else session.exitCode = 1;
        session.out.answer(held, () => (held === null ? [`No job waits in ${queue}.`] : claimLines(held, session)));
      });
    });
}

function claimLines({ job, warnAt, failAt }: HeldJob, { out }: Session): readonly string[] {
  return [
    jobLine(job, out),
    `${job.kind}: ${jsonOf(job.payload, out)}`,
    `Its time is over at ${warnAt.toISOString()}; it fails at ${failAt.toISOString()}.`,
    `When it is done: millrace jobs complete ${jobLabel(job)} --summary "…"`,
  ];
}

function defineComplete(command: Command, session: Session): void {
  guide(command, {
    description: "Report a job that was claimed by hand as done.",
    notes: [
      "The result is what --result says, with the summary in it. What comes too late is kept: see `jobs retry --adopt`.",
    ],
    examples: [
      'millrace jobs complete docs#7 --summary "proof-read, two links mended"',
      `millrace jobs complete docs#7 --result '{"summary": "done", "pages": 12}'`,
      "millrace jobs complete docs#7 --result @report.json",
    ],
    exits: EXITS,
  })
    .argument("<job>", JOB_NAME_HELP, parseJobName)
    .option("--summary <text>", "what was done")
    .option("--result <json>", "more of it: JSON, @FILE or -; its summary counts where --summary is left out")
    .option("--token <number>", "of the claim, where it was made elsewhere", countFlag("--token"))
    .action(async (name: JobName, flags: TokenFlag & { readonly summary?: string; readonly result?: string }) => {
      const report = await readReport(flags.summary, flags.result);
      await sendReport(session, name, flags, (hand, lease) => hand.complete(lease, report));
    });
}

/** @throws UsageError when it is no object, or has no summary */
async function readReport(summary: string | undefined, result: string | undefined): Promise<HandReport> {
  const more = result === undefined ? {} : await readPayload(result);
  if (!isObject(more)) {
    throw new UsageError("--result is no JSON object", { suggestion: `--result '{"summary": "done", "pages": 12}'` });
  }
  const report = summary === undefined ? more : { ...more, summary };
  const said = report["summary"];
  if (typeof said === "string" && said.trim() !== "") return report as HandReport;
  throw new UsageError("a report says what was done, in a summary that is not blank", {
    suggestion: '--summary "proof-read, two links mended"',
  });
}

function isObject(value: JsonValue): value is { readonly [name: string]: JsonValue | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function defineFail(command: Command, session: Session): void {
  guide(command, {
    description: "Report that a job that was claimed by hand cannot be done.",
    examples: ['millrace jobs fail docs#7 --reason "MissingSource: chapter 3 was never written"'],
    exits: EXITS,
  })
    .argument("<job>", JOB_NAME_HELP, parseJobName)
    .requiredOption("--reason <text>", "why; TYPE: MESSAGE names what sort of failure it is")
    .option("--token <number>", "of the claim, where it was made elsewhere", countFlag("--token"))
    .action(async (name: JobName, flags: TokenFlag & { readonly reason: string }) => {
      const [, type, message] = /^(\w[\w.-]*):\s+(\S.*)$/s.exec(flags.reason) ?? [];
      await sendReport(session, name, flags, (hand, lease) => hand.fail(lease, message ?? flags.reason, type));
    });
}

function defineExtend(command: Command, session: Session): void {
  guide(command, {
    description: "Have more time for a job that was claimed by hand, counted from now.",
    examples: ["millrace jobs extend docs#7", "millrace jobs extend docs#7 --by 30m"],
    exits: EXITS,
  })
    .argument("<job>", JOB_NAME_HELP, parseJobName)
    .option("--by <duration>", "how long (default: the time limit of the job)", durationFlag("--by"))
    .option("--token <number>", "of the claim, where it was made elsewhere", countFlag("--token"))
    .action(async (name: JobName, flags: TokenFlag & { readonly by?: number }) =>
      atWork(session, async (hand, mill, tokens) => {
        const job = await findJob(mill, name);
        await hand.extend({ job: job.id, token: flags.token ?? tokens.tokenOf(job) }, flags.by);
        session.out.answer(job, () => [jobLine(job, session.out)]);
      }),
    );
}

function defineRelease(command: Command, session: Session): void {
  guide(command, {
    description: "Give a job that was claimed by hand back, undone.",
    examples: ["millrace jobs release docs#7"],
    exits: EXITS,
  })
    .argument("<job>", JOB_NAME_HELP, parseJobName)
    .option("--token <number>", "of the claim, where it was made elsewhere", countFlag("--token"))
    .action(async (name: JobName, flags: TokenFlag) =>
      sendReport(session, name, flags, (hand, lease) => hand.release(lease)),
    );
}

/** Ends a claim, and forgets its token, which is of no use any more whatever came of it. */
async function sendReport(
  session: Session,
  name: JobName,
  flags: TokenFlag,
  send: (hand: ByHand, lease: { readonly job: Job["id"]; readonly token: number }) => Promise<Job>,
): Promise<void> {
  await atWork(session, async (hand, mill, tokens) => {
    const job = await findJob(mill, name);
    const token = flags.token ?? tokens.tokenOf(job);
    try {
      const ended = await send(hand, { job: job.id, token });
      session.out.answer(ended, () => [jobLine(ended, session.out)]);
    } catch (error) {
      if (!isMillraceError(error) || error.code !== "lease_lost") throw error;
      tokens.forget(job);
      const { isKept } = error.details;
      if (isKept !== true) throw error;
      throw new UsageError(error.message, {
        exitCode: 5,
        suggestion: `\`millrace jobs retry ${jobLabel(job)} --adopt\` makes a new job that is completed with it`,
      });
    }
    tokens.forget(job);
  });
}

async function atWork(
  session: Session,
  work: (hand: ByHand, mill: Millrace, tokens: KeptTokens) => Promise<void>,
): Promise<void> {
  // On the store itself: a server knows workers, and their leases by heartbeats.
  session.storeTarget();
  const tokens = new KeptTokens(session);
  const { user } = session.env;
  await session.withMill(async (mill) => work(mill.byHand(user === null ? {} : { name: user }), mill, tokens));
}

import type { Command } from "commander";
import { checkCron } from "../../core/cron.ts";
import { nameProblem } from "../../core/options.ts";
import type { Schedule } from "../../core/schedule.ts";
import type { Millrace } from "../../index.ts";
import { refuse } from "../flags.ts";
import { guide, guideGroup } from "../guide.ts";
import { readPayload } from "../payload.ts";
import type { Session } from "../session.ts";
import type { Column } from "../table.ts";

export function defineSchedules(command: Command, session: Session): void {
  guideGroup(command, "Jobs that are added by the clock.", [
    'millrace schedules add nightly "0 3 * * *" report.build',
    "millrace schedules list",
    "millrace schedules remove nightly",
  ]);
  defineList(command.command("list"), session);
  defineAdd(command.command("add"), session);
  defineRemove(command.command("remove"), session);
}

function columnsOf({ out }: Session): readonly Column<Schedule>[] {
  return [
    { title: "SCHEDULE", text: ({ name }) => name, canShrink: true },
    { title: "CRON", text: ({ cron }) => cron },
    { title: "TIME ZONE", text: ({ timeZone }) => timeZone },
    { title: "KIND", text: ({ kind }) => kind, canShrink: true },
    { title: "NEXT", text: ({ nextAt }) => out.instant(nextAt) },
    { title: "LAST", text: ({ lastAt }) => out.instant(lastAt) },
  ];
}

function defineList(command: Command, session: Session): void {
  guide(command, {
    description: "List the schedules, and when each is due.",
    examples: ["millrace schedules list", "millrace schedules list --json"],
  }).action(async () =>
    session.withMill(async (mill) => {
      const schedules = await mill.schedules();
      session.out.table(schedules, columnsOf(session), schedules, "No schedules.");
    }),
  );
}

function defineAdd(command: Command, session: Session): void {
  guide(command, {
    description: "Add a job at each time a cron rule names, or change the schedule of that name.",
    notes: [
      "CRON has five fields, or six with seconds first. PAYLOAD is JSON, @FILE or -, as with `millrace enqueue`.",
    ],
    examples: [
      'millrace schedules add nightly "0 3 * * *" report.build',
      `millrace schedules add standup "30 9 * * 1-5" chat.post '{"text": "Good morning"}' --time-zone Europe/Berlin`,
    ],
  })
    .argument("<name>", "what the schedule is called")
    .argument("<cron>", "when, in quotes")
    .argument("<kind>", "the kind of the jobs")
    .argument("[payload]", "JSON, @FILE or -")
    .option("--time-zone <zone>", "an IANA name, such as Europe/Berlin (default UTC)")
    .action(
      async (
        name: string,
        cron: string,
        kind: string,
        payload: string | undefined,
        flags: { readonly timeZone?: string },
      ) => {
        refuse(nameProblem(name, "the name of a schedule"));
        refuse(nameProblem(kind, "the kind"));
        // Asked before anything is opened.
        checkCron(cron, flags.timeZone ?? "UTC");
        session.checkPlace();
        const value = await readPayload(payload);
        const add = async (mill: Millrace): Promise<void> => {
          const { timeZone } = flags;
          await mill.schedule(name, cron, kind, value, timeZone === undefined ? {} : { timeZone });
          const added = (await mill.schedules()).filter((schedule) => schedule.name === name);
          session.out.table(added[0] ?? null, columnsOf(session), added, "No schedules.");
        };
        await session.withMill(add, { mayCreate: true });
      },
    );
}

function defineRemove(command: Command, session: Session): void {
  guide(command, {
    description: "Remove a schedule. Jobs it has added stay.",
    examples: ["millrace schedules remove nightly"],
    exits: { 4: "there is no such schedule" },
  })
    .argument("<name>", "what the schedule is called")
    .action(async (name: string) =>
      session.withMill(async (mill) => {
        await mill.unschedule(name);
        session.out.answer({ removed: name }, () => [`Removed the schedule ${name}.`]);
      }),
    );
}

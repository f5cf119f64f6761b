import type { Command } from "commander";
import type { Violation } from "../../core/store.ts";
import { guide } from "../guide.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

export function defineVerify(command: Command, session: Session): void {
  guide(command, {
    description: "Check the guarantees on the data of a store as it lies. Reads only; others may go on working.",
    examples: ["millrace verify --data", "millrace verify --data --json --store sqlite:./backup.db"],
    exits: { 70: "a guarantee is broken; the rows that show it are named" },
  })
    .option("--data", "check the data as it lies")
    .action(async (flags: { readonly data?: true }) => {
      if (flags.data !== true) {
        throw new UsageError("verify does not say what to verify", {
          validOptions: ["--data"],
          suggestion: "millrace verify --data checks the data as it lies",
        });
      }
      await session.withMill(
        async (mill) => {
          session.out.progress.update(0, null, "reading");
          const report = await mill.verify();
          session.out.answer(report, () => [
            ...report.violations.flatMap((violation) => lines(violation)),
            `${report.jobs} ${report.jobs === 1 ? "job" : "jobs"}, ${count(report.violations.length)}.`,
          ]);
          if (report.violations.length > 0) session.exitCode = 70;
        },
        { target: session.storeTarget() },
      );
    });
}

function lines({ guarantee, message, rows }: Violation): string[] {
  return [`${guarantee}: ${message}`, ...rows.map((row) => `  ${row}`)];
}

function count(violations: number): string {
  if (violations === 0) return "no guarantee is broken";
  return violations === 1 ? "1 violation" : `${violations} violations`;
}

import type { Command } from "commander";
import { nameProblem } from "../../core/options.ts";
import { countFlag, refuse } from "../flags.ts";
import { guide, guideGroup } from "../guide.ts";
import type { Session } from "../session.ts";

export function defineNumbers(command: Command, session: Session): void {
  guideGroup(command, "Go on with numbers that another system gave out.", ["millrace numbers adopt repo:linux 4711"]);
  defineAdopt(command.command("adopt"), session);
}

function defineAdopt(command: Command, session: Session): void {
  guide(command, {
    description:
      "Let a scope go on after a number. A counter never goes back, and the same number again changes nothing.",
    notes: ["Nobody may give out numbers of the scope by another way meanwhile, or both give the same ones."],
    examples: ["millrace numbers adopt repo:linux 4711", "millrace numbers adopt invoices-2026 120 --json"],
    exits: { 5: "the scope has given out higher numbers already" },
  })
    .argument("<scope>", "what the numbers are counted under; the queue, for jobs that name none")
    .argument("<highest>", "the last number that was given out", countFlag("the highest number", 0))
    .action(async (scope: string, highest: number) => {
      refuse(nameProblem(scope, "the scope"));
      await session.withMill(
        async (mill) => {
          await mill.adoptNumbers(scope, highest);
          session.out.answer({ scope, highest, next: highest + 1 }, () => [
            `The next number of ${scope} is ${highest + 1}.`,
          ]);
        },
        { target: session.storeTarget(), mayCreate: true },
      );
    });
}

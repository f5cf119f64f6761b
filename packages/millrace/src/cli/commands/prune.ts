import type { Command } from "commander";
import { guide } from "../guide.ts";
import type { Session } from "../session.ts";

export function definePrune(command: Command, session: Session): void {
  guide(command, {
    description: "Delete finished jobs past their retention. Jobs that wait or run are never deleted.",
    notes: ["Workers do this by themselves. `millrace queues configure` sets how long jobs are kept."],
    examples: ["millrace prune", "millrace prune --json"],
  }).action(async () =>
    session.withMill(
      async (mill) => {
        const deleted = await mill.prune();
        session.out.answer({ deleted }, () => [`Deleted ${deleted} ${deleted === 1 ? "job" : "jobs"}.`]);
      },
      { target: session.storeTarget() },
    ),
  );
}

import type { Command } from "commander";
import type { WorkerInfo } from "../../core/worker-info.ts";
import { guide, guideGroup } from "../guide.ts";
import type { Session } from "../session.ts";
import type { Column } from "../table.ts";

export function defineWorkers(command: Command, session: Session): void {
  guideGroup(command, "Who is at work.", ["millrace workers list"]);
  const { out } = session;
  const columns: readonly Column<WorkerInfo>[] = [
    { title: "WORKER", text: ({ name }) => name, canShrink: true },
    { title: "HOST", text: ({ host }) => host ?? "", canShrink: true },
    { title: "PID", text: ({ pid }) => (pid === null ? "" : String(pid)), align: "right" },
    { title: "RUNNING", text: ({ running, concurrency }) => `${running}/${concurrency}`, align: "right" },
    { title: "QUEUES", text: ({ queues }) => queues?.join(",") ?? "all", canShrink: true },
    { title: "LABELS", text: ({ labels }) => labels.join(","), canShrink: true },
    { title: "STARTED", text: ({ startedAt }) => out.instant(startedAt) },
    { title: "SEEN", text: ({ seenAt }) => out.instant(seenAt) },
  ];
  guide(command.command("list"), {
    description: "List the workers that were heard of not long ago.",
    examples: ["millrace workers list", "millrace workers list --json"],
  }).action(async () =>
    session.withMill(async (mill) => {
      const workers = await mill.workers();
      out.table(workers, columns, workers, "No workers.");
    }),
  );
}

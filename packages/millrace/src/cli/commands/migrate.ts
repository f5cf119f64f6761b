import type { Command } from "commander";
import { guide } from "../guide.ts";
import type { Session } from "../session.ts";

export function defineMigrate(command: Command, session: Session): void {
  const { out } = session;
  guide(command, {
    description: "Bring the store's tables up to date. What is up to date already is left alone.",
    examples: ["millrace migrate --plan", "millrace migrate"],
  })
    .option("--plan", "only print what would be done")
    .action(async (flags: { readonly plan?: true }) => {
      const target = session.storeTarget();
      const { pendingMigrations } = await import("../../open-store.ts");
      const pending = await pendingMigrations(target);
      if (flags.plan === true) {
        out.answer(pending, () =>
          pending.length === 0
            ? ["Nothing to do: the store is up to date."]
            : pending.flatMap(({ version, name, sql }) => [`-- ${version} ${name}`, sql.trim(), ""]),
        );
        return;
      }
      // Opening a store brings it up to date, and answers only when that is done.
      if (pending.length > 0) await session.withMill(async (mill) => mill.migrate(), { target, mayCreate: true });
      const applied = pending.map(({ version, name }) => ({ version, name }));
      out.answer({ applied }, () =>
        applied.length === 0
          ? ["Nothing to do: the store is up to date."]
          : applied.map(({ version, name }) => `Applied ${version} ${name}.`),
      );
    });
}

import type { Command } from "commander";
import type { Diagnosis } from "../../core/store.ts";
import { guide } from "../guide.ts";
import type { Session } from "../session.ts";

const PAINT = { ok: "good", warning: "warning", problem: "bad" } as const satisfies Record<Diagnosis["level"], string>;

export function defineDoctor(command: Command, session: Session): void {
  const { out } = session;
  guide(command, {
    description: "Look for what is wrong with the store, and say what to do about it.",
    examples: ["millrace doctor", "millrace doctor --json"],
    exits: { 1: "a problem was found; warnings alone are none" },
  }).action(async () =>
    session.withMill(
      async (mill) => {
        const found = await mill.diagnose();
        out.table(
          found,
          [
            { title: "LEVEL", text: ({ level }) => level, style: (text, { level }) => out.palette[PAINT[level]](text) },
            { title: "CHECK", text: ({ check }) => check },
            { title: "MESSAGE", text: ({ message }) => message },
          ],
          found,
          "Nothing to check.",
        );
        if (found.some(({ level }) => level === "problem")) session.exitCode = 1;
      },
      { target: session.storeTarget() },
    ),
  );
}

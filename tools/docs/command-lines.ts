import { createProgram } from "../../packages/millrace/src/cli/program.ts";
import { readEnvironment } from "../../packages/millrace/src/cli/env.ts";
import { Session } from "../../packages/millrace/src/cli/session.ts";
import { splitPage, type Finding, type Page } from "./markdown.ts";

/** A command of the command line. */
export type Command = ReturnType<typeof createProgram>;

const SHELLS: ReadonlySet<string> = new Set(["sh", "console"]);

/** The command line with all its commands, without colours, and not run. */
export async function loadProgram(): Promise<Command> {
  const session = new Session(readEnvironment({ NO_COLOR: "1" }));
  createProgram(session);
  return session.loadProgram();
}

/** Every `millrace …` line in a block for the shell must name a command and flags that there are. */
export async function checkCommandLines(pages: readonly Page[]): Promise<readonly Finding[]> {
  const program = await loadProgram();
  return pages.flatMap((page) =>
    splitPage(page)
      .blocks.filter(({ info }) => SHELLS.has(info[0] ?? ""))
      .flatMap(({ text, line }) => text.split("\n").map((command, index) => ({ command, line: line + 1 + index })))
      .flatMap(({ command, line }) =>
        problemsOf(program, command).map((problem) => `${page.path}:${line}: ${command.trim()}: ${problem}`),
      ),
  );
}

function problemsOf(program: Command, line: string): readonly string[] {
  const typed = /^(?:\$ )?(?:npx )?millrace\s+(.+?)(?:\s#.*|\s[|>].*)?$/.exec(line.trim())?.[1];
  if (typed === undefined) return [];
  // A quoted word is a value, whatever is in it.
  const words = typed.replaceAll(/'[^']*'|"[^"]*"/g, "value").split(/\s+/);
  let command = program;
  const problems: string[] = [];
  for (const word of words) {
    if (word === "--") break;
    if (word.startsWith("-")) {
      const flag = word.split("=")[0] ?? word;
      if (!hasFlag(command, flag) && !hasFlag(program, flag)) problems.push(`there is no ${flag}`);
      continue;
    }
    const next = command.commands.find((child) => child.name() === word);
    if (next !== undefined) command = next;
    else if (command.commands.length > 0) return [...problems, `there is no command ${word}`];
  }
  return problems;
}

function hasFlag(command: Command, flag: string): boolean {
  return flag === "--help" || command.options.some(({ long, short }) => long === flag || short === flag);
}

import { CommanderError, type Command } from "commander";
import { COMMANDS } from "./command-table.ts";
import { readEnvironment } from "./env.ts";
import { errorLines, reportError, type ErrorReport } from "./error-report.ts";
import { createProgram } from "./program.ts";
import { Session } from "./session.ts";

/** Run one command line, print what it has to say, and answer its exit code. Never throws. */
export async function main(args: readonly string[]): Promise<number> {
  const session = new Session(readEnvironment());
  const exitCode = await run(args, session);
  const failure = await session.out.flushed();
  if (failure === null) return exitCode;
  session.out.note(`Error: the output cannot be written: ${failure.message}`);
  return exitCode === 0 ? 1 : exitCode;
}

async function run(args: readonly string[], session: Session): Promise<number> {
  const program = createProgram(session);
  try {
    await program.parseAsync(asHelpOption(args), { from: "user" });
    return session.exitCode;
  } catch (error) {
    session.out.progress.clear();
    if (error instanceof CommanderError && isHelp(error)) {
      // Help that was asked for is an answer; help instead of a missing command is not.
      return error.exitCode === 0 ? 0 : 2;
    }
    const report = withOptions(reportError(error), error, program, args);
    for (const line of errorLines(report, session.out.errorPalette)) session.out.note(line);
    if (session.env.isDebug && error instanceof Error) session.out.note(error.stack ?? "");
    return report.exitCode;
  }
}

/** `help jobs list` as `jobs list --help`: commander's own answer would not load the command first. */
function asHelpOption(args: readonly string[]): readonly string[] {
  const [first, ...rest] = args;
  if (first !== "help") return args;
  return COMMANDS.some(({ name }) => name === rest[0]) ? [...rest, "--help"] : rest.length === 0 ? ["--help"] : rest;
}

function isHelp({ code }: CommanderError): boolean {
  return code === "commander.help" || code === "commander.helpDisplayed" || code === "commander.version";
}

/** For a flag or command that does not exist: those that do. */
function withOptions(report: ErrorReport, error: unknown, program: Command, args: readonly string[]): ErrorReport {
  const code = error instanceof CommanderError ? error.code : "";
  if (code !== "commander.unknownOption" && code !== "commander.unknownCommand") return report;
  const command = commandOf(program, args);
  const validOptions =
    code === "commander.unknownCommand"
      ? command.commands.map((child) => child.name())
      : [...command.options, ...(command === program ? [] : program.options)]
          .filter(({ hidden, long }) => !hidden && long !== "--version")
          .map(({ long, short }) => long ?? short ?? "");
  return { ...report, validOptions };
}

/** The innermost command that was named. */
function commandOf(program: Command, args: readonly string[]): Command {
  let command = program;
  for (const word of args) {
    command = command.commands.find((child) => child.name() === word) ?? command;
  }
  return command;
}

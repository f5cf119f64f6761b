import { loadProgram, type Command } from "./command-lines.ts";

const WIDTH = 100;

/** The help of every command, as it is printed. */
export async function cliPage(): Promise<string> {
  const program = await loadProgram();
  const sections = leavesOf(program).map(({ command, path }) => `## ${path}\n\n${fenced(helpOf(command))}`);
  return `# Command line

What \`millrace --help\` and the help of each command print. [Operating](../guides/operating.md) and the other guides show
them at work.

\`MILLRACE_STORE\` names the store unless \`--store\` does; without both it is \`sqlite:./millrace.db\`. At a terminal there are
colours, ages and tables cut to its width; into a pipe goes the same, whole, with ISO times. \`--json\` prints JSON.

${fenced(helpOf(program))}

${sections.join("\n\n")}
`;
}

interface Named {
  readonly command: Command;
  readonly path: string;
}

function leavesOf(command: Command, path = command.name()): readonly Named[] {
  const children = command.commands.filter((child) => child.name() !== "help");
  if (children.length === 0) return [{ command, path }];
  return children.flatMap((child) => leavesOf(child, `${path} ${child.name()}`));
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => void (text += part),
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  // What all commands take is told once.
  if (command.parent !== null) command.configureHelp({ ...command.configureHelp(), showGlobalOptions: false });
  command.outputHelp();
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

import { Argument, type Command } from "commander";
import { show } from "../../core/options.ts";
import { bashScript } from "../completion/bash.ts";
import { describeCommands, type CommandDescription } from "../completion/describe-commands.ts";
import { fishScript } from "../completion/fish.ts";
import { zshScript } from "../completion/zsh.ts";
import { guide } from "../guide.ts";
import type { Session } from "../session.ts";
import { unknownWord } from "../usage-error.ts";

const SHELLS: Readonly<Record<string, (descriptions: readonly CommandDescription[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export function defineCompletion(command: Command, session: Session): void {
  const shells = Object.keys(SHELLS);
  guide(command, {
    description: "Print a script that completes the commands, options and known words of millrace in your shell.",
    examples: [
      'eval "$(millrace completion bash)"',
      'eval "$(millrace completion zsh)"',
      "millrace completion fish | source",
    ],
    exits: { 7: null },
  })
    .addArgument(new Argument("<shell>", shells.join(", ")).choices(shells).argParser(readShell))
    .action(async (shell: string) => {
      const script = SHELLS[shell]?.(describeCommands(await session.loadProgram())) ?? "";
      session.out.answer({ shell, script }, () => [script.trimEnd()]);
    });
}

function readShell(text: string): string {
  const shells = Object.keys(SHELLS);
  if (shells.includes(text)) return text;
  throw unknownWord(`there is no completion for the shell ${show(text)}`, text, shells);
}

import type { CommandDescription, OptionDescription } from "./describe-commands.ts";

/** A completion script for fish. */
export function fishScript(descriptions: readonly CommandDescription[]): string {
  const paths = descriptions.map(({ path }) => path).filter((path) => path !== "");
  const lines = descriptions.flatMap(({ path, commands, options, words }) => {
    const start = `complete -c millrace -n '__millrace_at "${path}"'`;
    return [
      ...commands.map(({ name, summary }) => `${start} -f -a ${name} -d ${quote(summary)}`),
      ...(words.length === 0 ? [] : [`${start} -f -a ${quote(words.join(" "))}`]),
      ...options.map((option) => `${start} -l ${option.long.slice(2)}${valueOf(option)} -d ${quote(option.summary)}`),
      `${start} -l help -d 'tell about the command'`,
    ];
  });
  return `# Completion of millrace for fish. In ~/.config/fish/config.fish:  millrace completion fish | source
function __millrace_at
    set -l at ""
    set -l typed (commandline -opc)
    set -e typed[1]
    for word in $typed
        if contains -- "$at/$word" ${paths.join(" ")}
            set at "$at/$word"
        end
    end
    test "$at" = "$argv[1]"
end
${lines.join("\n")}
`;
}

function valueOf({ takes }: OptionDescription): string {
  if (takes === "nothing") return "";
  if (takes === "file") return " -r -F";
  if (takes === "folder") return " -x -a '(__fish_complete_directories)'";
  return takes === "text" ? " -x" : ` -x -a ${quote(takes.join(" "))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
}

import { valueCases, type CommandDescription, type OptionDescription } from "./describe-commands.ts";

/** A completion script for bash, from version 3.2 on. Where nothing fits, it leaves the word to bash, which offers files. */
export function bashScript(descriptions: readonly CommandDescription[]): string {
  const paths = descriptions.map(({ path }) => path).filter((path) => path !== "");
  const values = valueCases(descriptions, (pattern, takes) => `    ${pattern}) ${valueOf(takes)} ;;`);
  const cases = descriptions.map(({ path, commands, options, words }) => {
    const all = [...commands.map(({ name }) => name), ...words, ...options.map(({ long }) => long), "--help"];
    return `    "${path}") words="${all.join(" ")}" ;;`;
  });
  return `# Completion of millrace for bash. In ~/.bashrc:  eval "$(millrace completion bash)"
_millrace() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" at="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at/\${COMP_WORDS[i]}" in
      ${paths.join("|")}) at="$at/\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$previous" in
${values.join("\n")}
  esac
  case "$at" in
${cases.join("\n")}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "$current") )
}
complete -o bashdefault -o default -F _millrace millrace
`;
}

function valueOf(takes: OptionDescription["takes"]): string {
  if (takes === "folder") return 'COMPREPLY=( $(compgen -d -- "$current") ); return';
  return typeof takes === "string"
    ? "return"
    : `COMPREPLY=( $(compgen -W "${takes.join(" ")}" -- "$current") ); return`;
}

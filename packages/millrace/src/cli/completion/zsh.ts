import { valueCases, type CommandDescription, type OptionDescription } from "./describe-commands.ts";

/** A completion script for zsh, to be evaluated or put into a folder of `$fpath` as `_millrace`. */
export function zshScript(descriptions: readonly CommandDescription[]): string {
  const paths = descriptions.map(({ path }) => path).filter((path) => path !== "");
  const values = valueCases(descriptions, (pattern, takes) => `    (${pattern}) ${valueOf(takes)} ;;`);
  const cases = descriptions.map(({ path, commands, options, words }) => {
    const named = commands.map(({ name, summary }) => item(name, summary));
    const flags = [
      ...options.map(({ long, summary }) => item(long, summary)),
      item("--help", "tell about the command"),
    ];
    const all = [...named, ...words.map((word) => item(word, word))];
    return `    (${quote(path)})\n      names=(${all.join(" ")})\n      flags=(${flags.join(" ")})\n      ;;`;
  });
  return `#compdef millrace
# Completion of millrace for zsh. In ~/.zshrc, after compinit:  eval "$(millrace completion zsh)"
_millrace() {
  local at="" word
  local -a names flags
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
      (${paths.join("|")}) at="$at/$word" ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
${values.join("\n")}
  esac
  case "$at" in
${cases.join("\n")}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    _describe -o option flags
  elif (( $#names )); then
    _describe command names
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == "_millrace" ]]; then
  _millrace "$@"
else
  compdef _millrace millrace
fi
`;
}

function valueOf(takes: OptionDescription["takes"]): string {
  if (takes === "folder") return "_files -/; return";
  if (takes === "file") return "_files; return";
  return typeof takes === "string" ? "return" : `compadd -- ${takes.join(" ")}; return`;
}

function item(name: string, summary: string): string {
  return quote(`${name.replaceAll(":", "\\:")}:${summary}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

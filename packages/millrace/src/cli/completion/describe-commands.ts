import type { Command, Option } from "commander";
import { JOB_STATES } from "../../core/states.ts";

/** What can follow one sequence of commands. */
export interface CommandDescription {
  /** `""` for the program, then `/jobs`, `/jobs/list` … */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly OptionDescription[];
  /** Words that its first argument may be; empty where only the user knows. */
  readonly words: readonly string[];
}

export interface OptionDescription {
  readonly long: string;
  readonly summary: string;
  readonly takes: "nothing" | "text" | "file" | "folder" | readonly string[];
}

/** What the value of an option is, by its name; all others are text. */
const VALUES: Readonly<Record<string, OptionDescription["takes"]>> = {
  "--handlers": "file",
  "--scripts": "folder",
  "--state": JOB_STATES,
  "--priority": ["high", "medium", "low"],
};

/** The program and all that is below it, outermost first. */
export function describeCommands(program: Command): readonly CommandDescription[] {
  return describe(program, "", program.options);
}

function describe(command: Command, path: string, shared: readonly Option[]): readonly CommandDescription[] {
  const children = [...command.commands];
  const options = command.parent === null ? command.options : [...command.options, ...shared];
  return [
    {
      path,
      commands: children.map((child) => ({
        name: child.name(),
        summary: firstSentence(child.summary() || child.description()),
      })),
      options: options
        .filter(({ hidden, long }) => !hidden && long !== undefined)
        .map((option) => describeOption(option)),
      words: command.registeredArguments[0]?.argChoices ?? [],
    },
    ...children.flatMap((child) =>
      describe(
        child,
        `${path}/${child.name()}`,
        shared.filter(({ long }) => long !== "--version"),
      ),
    ),
  ];
}

/** A line for each way to complete a value, with all the options it is for: `--a|--b`. */
export function valueCases(
  descriptions: readonly CommandDescription[],
  line: (pattern: string, takes: OptionDescription["takes"]) => string,
): readonly string[] {
  const longByTakes = new Map<OptionDescription["takes"], Set<string>>();
  for (const { long, takes } of descriptions.flatMap(({ options }) => options)) {
    if (takes === "nothing") continue;
    longByTakes.set(takes, (longByTakes.get(takes) ?? new Set()).add(long));
  }
  return [...longByTakes].map(([takes, long]) => line([...long].join("|"), takes));
}

function describeOption({ long, description, required, optional }: Option): OptionDescription {
  const name = long ?? "";
  return {
    long: name,
    summary: firstSentence(description),
    takes: required || optional ? (VALUES[name] ?? "text") : "nothing",
  };
}

function firstSentence(text: string): string {
  return (/^.*?[.](?=\s|$)/s.exec(text)?.[0] ?? text).replace(/\.$/, "");
}

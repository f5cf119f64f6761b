import type { Command } from "commander";

interface Guide {
  readonly description: string;
  /** Command lines that can be typed as they are. At least one. */
  readonly examples: readonly [string, ...string[]];
  /** Exit codes besides 0, 2 and 7, or said more exactly; `null` for one that cannot come. */
  readonly exits?: Readonly<Record<number, string | null>>;
  /** What else there is to know, a paragraph each. */
  readonly notes?: readonly string[];
}

const USUAL_EXITS: Readonly<Record<number, string>> = {
  0: "done",
  2: "wrong usage or configuration",
  7: "the store is unavailable",
};

/** Give a command its description and the lines below its options: notes, examples and exit codes. */
export function guide(command: Command, { description, examples, exits = {}, notes = [] }: Guide): Command {
  const codes = Object.entries({ ...USUAL_EXITS, ...exits })
    .filter(([, meaning]) => meaning !== null)
    .map(([code, meaning]) => `  ${code.padStart(2)}  ${meaning}`);
  const parts = [
    ...notes,
    ["Examples:", ...examples.map((example) => `  $ ${example}`)].join("\n"),
    ["Exit codes:", ...codes].join("\n"),
  ];
  return command.description(description).addHelpText("after", parts.map((part) => `\n${part}`).join("\n"));
}

/** Give a group of commands its description and the examples of the ones most used. */
export function guideGroup(command: Command, description: string, examples: readonly [string, ...string[]]): Command {
  const lines = ["\nExamples:", ...examples.map((example) => `  $ ${example}`)];
  return command.description(description).addHelpText("after", lines.join("\n"));
}

import type { Result, SoundResult } from "./results.ts";

/** A line for people, as soon as it is known. */
export function lineOf({ bug, guarantee, place, seconds, finding, problem, wasShipped }: Result): string {
  const name = wasShipped ? `${bug} *` : bug;
  const begin = `${guarantee.padEnd(4)} ${place.padEnd(10)} ${`${seconds.toFixed(1)} s`.padStart(7)}`;
  if (finding === null) return `${begin}  NOT FOUND  ${name}${problem === undefined ? "" : `: ${problem}`}`;
  const shown = finding.guarantee === guarantee ? "" : ` (${finding.guarantee})`;
  return `${begin}  ${`${finding.operations}`.padStart(5)}  ${`${finding.foundBy}${shown}`.padEnd(22)} ${name}`;
}

export function soundLineOf({ under, place, seconds, finding, problem }: SoundResult): string {
  const begin = `--   ${place.padEnd(10)} ${`${seconds.toFixed(1)} s`.padStart(7)}`;
  if (problem !== undefined) return `${begin}  NOT JUDGED  sound, under ${under}: ${problem}`;
  if (finding === null) return `${begin}  sound, under ${under}`;
  return `${begin}  FOUND UNSOUND, under ${under}, seed ${finding.seed}: ${finding.guarantee}: ${finding.violation.message}`;
}

/** The same for a page. @param pictureOf the address of its picture, if there is one */
export function markdownTable(
  results: readonly Result[],
  sound: readonly SoundResult[],
  pictureOf: (result: Result) => string | undefined,
): string {
  const rows = results.map((result) => {
    const { bug, guarantee, place, seconds, finding, wasShipped } = result;
    const name = escaped(wasShipped ? `${bug} †` : bug);
    const cells =
      finding === null
        ? ["**not found**", "", ""]
        : [`${finding.guarantee}: ${finding.foundBy}`, `${finding.operations}`, seconds.toFixed(1)];
    return [guarantee, name, place, ...cells];
  });
  const soundRows = sound.map(({ under, place, seconds, finding, problem }) => {
    const verdict = problem === undefined ? (finding === null ? "sound" : "**unsound**") : "**not judged**";
    return ["", `_no bug_, under ${escaped(under)}`, place, verdict, "", seconds.toFixed(1)];
  });
  const head = ["promise", "bug", "in", "found by", "after calls", "seconds"];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table = [line(head), line(head.map(() => "---")), ...[...rows, ...soundRows].map(line)];
  const pictures = results.flatMap((result) => {
    const picture = pictureOf(result);
    return picture === undefined ? [] : ["", `![${result.bug}, in ${result.place}](${picture})`];
  });
  return [...table, "", LEGEND, ...pictures].join("\n");
}

const LEGEND =
  "† Queues that people relied on were shipped with it. _No bug_: a sound store or server, looked at in the same ways for ten " +
  "seconds. A bug is found by what shows it first, which may be another promise than its own. Seconds are those of a busy machine.";

const escaped = (text: string): string => text.replaceAll("|", "\\|").replaceAll("{", "\\{");

import { countProblem, nameProblem, show } from "../core/options.ts";
import { refuse, splitPair } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The queues of `--queues`: `a,b` for a strict order, `a=10,b=5` for weights.
 * @throws UsageError
 */
export function parseQueues(text: string): readonly string[] | Readonly<Record<string, number>> {
  const parts = text.split(",").map((part) => splitPair(part));
  for (const { name } of parts) refuse(nameProblem(name, "--queues: the name of a queue"));
  const names = parts.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--queues: ${show(twice)} is given twice`);
  const weighted = parts.filter(({ value }) => value !== null);
  if (weighted.length === 0) return names;
  if (weighted.length < parts.length) {
    throw new UsageError(`--queues: some queues have a weight and some have none; got ${show(text)}`, {
      validOptions: ["a,b (a before b)", "a=10,b=5 (ten of a for five of b)"],
    });
  }
  return Object.fromEntries(
    parts.map(({ name, value }) => {
      const weight = Number(value);
      refuse(countProblem(value === "" ? value : weight, `--queues: the weight of ${show(name)}`));
      return [name, weight];
    }),
  );
}

import { countProblem, nameProblem, refuseRequest, unknownKeys } from "../core/options.ts";

/** How many numbers of a scope are asked for: one unless said. @throws InputError with all that is wrong */
export function numberCount(scope: string, options: { readonly count?: number }): number {
  refuseRequest([
    nameProblem(scope, "number(): scope"),
    ...unknownKeys(options, ["tx", "count"], "number()"),
    countProblem(options.count, "number(): count"),
  ]);
  return options.count ?? 1;
}

import { ConflictError, InputError } from "../core/errors.ts";
import type { Adoption } from "../core/number-store.ts";
import { countProblem, nameProblem, refuseRequest, unknownKeys } from "../core/options.ts";
import type { Kernel } from "./kernel.ts";

/** As `Millrace.adoptNumbers`. In a synchronous `tx` it has been done, or has thrown, when this returns. */
export function adoptNumbers(
  { store, org }: Kernel,
  scope: string,
  highest: number,
  options: { readonly tx?: unknown },
): Promise<void> {
  const { tx } = options;
  if (tx === undefined) {
    return (async () => {
      refuseWrong(scope, highest, options);
      requireAdopted(scope, highest, await store.adoptNumbers(org, scope, highest));
    })();
  }
  refuseWrong(scope, highest, options);
  const adoption = store.within(tx).adoptNumbers(org, scope, highest);
  if (adoption instanceof Promise) return adoption.then((answer) => requireAdopted(scope, highest, answer));
  requireAdopted(scope, highest, adoption);
  return Promise.resolve();
}

function refuseWrong(scope: string, highest: number, options: object): void {
  refuseRequest([
    nameProblem(scope, "adoptNumbers(): scope"),
    countProblem(highest, "adoptNumbers(): highest", 0),
    ...unknownKeys(options, ["tx"], "adoptNumbers()"),
  ]);
  if (highest === undefined || highest === null)
    throw new InputError("request_invalid", "adoptNumbers(): highest is missing");
}

function requireAdopted(scope: string, highest: number, { status, last }: Adoption): void {
  if (status === "adopted") return;
  const message = `the scope "${scope}" has given out numbers up to ${last}; it cannot go back to ${highest}`;
  throw new ConflictError("state_conflict", message, { scope, last, highest });
}

import { keepingMutants } from "./keeping-mutants.ts";
import type { Bug } from "./mutant.ts";
import { raceMutants } from "./race-mutants.ts";
import { readingMutants } from "./reading-mutants.ts";
import { serverMutants } from "./server-mutants.ts";
import { sqlMutants } from "./sql-mutants.ts";
import { transactionMutants } from "./transaction-mutants.ts";
import { wrapperMutants } from "./wrapper-mutants.ts";

/** All there are, each with how it is put into either store, or why it cannot be. */
export const BUGS: readonly Bug[] = [
  ...sqlMutants,
  ...readingMutants,
  ...keepingMutants,
  ...wrapperMutants,
  ...raceMutants,
  ...transactionMutants,
  ...serverMutants,
];

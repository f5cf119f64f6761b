import type { ConformanceCase } from "../harness.ts";
import { auditCases } from "./audit.ts";
import { cancelCases } from "./cancel.ts";
import { claimCases } from "./claim.ts";
import { enqueueCases } from "./enqueue.ts";
import { eventCases } from "./events.ts";
import { faultCases } from "./faults.ts";
import { keyCases } from "./keys.ts";
import { laneCases } from "./lanes.ts";
import { leaseCases } from "./lease.ts";
import { listCases } from "./list.ts";
import { logCases } from "./logs.ts";
import { numberCases } from "./numbers.ts";
import { pruneCases } from "./prune.ts";
import { queueCases } from "./queue.ts";
import { scheduleCases } from "./schedule.ts";
import { settleCases } from "./settle.ts";
import { timeCases } from "./time.ts";
import { transactionCases } from "./transaction.ts";

/** What every store must do. */
export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  ...enqueueCases,
  ...claimCases,
  ...leaseCases,
  ...settleCases,
  ...cancelCases,
  ...numberCases,
  ...keyCases,
  ...laneCases,
  ...queueCases,
  ...scheduleCases,
  ...logCases,
  ...eventCases,
  ...timeCases,
  ...listCases,
  ...pruneCases,
  ...auditCases,
  ...transactionCases,
  ...faultCases,
];

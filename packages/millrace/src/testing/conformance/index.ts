import type { ConformanceCase } from "../harness.ts";
import { apiKeyCases } from "./api-keys.ts";
import { artifactCases } from "./artifacts.ts";
import { auditCases } from "./audit.ts";
import { byHandCases } from "./by-hand.ts";
import { cancelCases } from "./cancel.ts";
import { claimCases } from "./claim.ts";
import { companionCases } from "./companions.ts";
import { enqueueCases } from "./enqueue.ts";
import { eventCases } from "./events.ts";
import { faultCases } from "./faults.ts";
import { keyCases } from "./keys.ts";
import { laneCases } from "./lanes.ts";
import { leaseCases } from "./lease.ts";
import { listCases } from "./list.ts";
import { logCases } from "./logs.ts";
import { numberCases } from "./numbers.ts";
import { openTransactionHoldCases } from "./open-transaction-holds.ts";
import { openTransactionCases } from "./open-transaction.ts";
import { pruneCases } from "./prune.ts";
import { queueCases } from "./queue.ts";
import { raceCases } from "./races.ts";
import { scheduleCases } from "./schedule.ts";
import { settleCases } from "./settle.ts";
import { slotCases } from "./slots.ts";
import { timeCases } from "./time.ts";
import { transactionCases } from "./transaction.ts";
import { transferCases } from "./transfer.ts";
import { transferRuleCases } from "./transfer-rules.ts";
import { transferServerCases } from "./transfer-server.ts";
import { wakeUpCases } from "./wake-ups.ts";
import { webhookCases } from "./webhooks.ts";

/** What every store must do. */
export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  ...enqueueCases,
  ...claimCases,
  ...slotCases,
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
  ...wakeUpCases,
  ...timeCases,
  ...listCases,
  ...pruneCases,
  ...auditCases,
  ...transactionCases,
  ...openTransactionCases,
  ...openTransactionHoldCases,
  ...raceCases,
  ...transferCases,
  ...transferRuleCases,
  ...transferServerCases,
  ...faultCases,
  ...companionCases,
  ...artifactCases,
  ...apiKeyCases,
  ...webhookCases,
  ...byHandCases,
];

import type { ClaimRequest } from "./store.ts";

/** Names the line in which a claim waits: claims of one line would find the same, whichever worker asks. */
export function claimLine({ org, queues, labels }: Pick<ClaimRequest, "org" | "queues" | "labels">): string {
  const choice = queues.order === "weighted" ? { ...queues, weights: [...queues.weights] } : queues;
  return JSON.stringify([org, choice, [...labels].toSorted()]);
}

import type { Claim } from "../core/store.ts";
import type { Kernel } from "../runtime/kernel.ts";

/** In order, the traces in which the jobs were enqueued, as W3C `traceparent`; none where nobody records traces. */
export async function tracesOf(
  { store, tracing }: Kernel,
  claims: readonly Claim[],
): Promise<readonly (string | undefined)[]> {
  if (tracing === undefined || claims.length === 0) return [];
  const companions = await store.companions(claims.map(({ lease: { job, token } }) => ({ job, token })));
  return companions.map((companion) => companion?.trace ?? undefined);
}

import { StoreError } from "../../core/errors.ts";
import type { EnqueueRequest } from "../../core/store.ts";
import { LaneGoneError, type Catalog, type Place } from "./catalog.ts";
import type { PlacedRequest } from "./enqueue.ts";

/** A lane that is pruned each time it was made again is not met more often than this by chance. */
const MOST_TRIES = 10;

/**
 * Do something with requests and their places in the catalog; again when a lane has been pruned since it was looked up.
 * Names are made on connections of ours, in transactions of their own.
 * @param where for messages: where the store lies
 */
export async function withPlaces<T>(
  catalog: Catalog,
  where: string,
  requests: readonly EnqueueRequest[],
  work: (placed: readonly PlacedRequest[]) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    let places: readonly Place[] = [];
    try {
      places = await catalog.intern(requests);
      return await work(requests.map((request, i) => ({ request, place: places[i] as Place })));
    } catch (error) {
      if (!(error instanceof LaneGoneError)) throw error;
      if (tries === MOST_TRIES)
        throw new StoreError("store_busy", `${where}: ${error.message}; repeat the whole transaction`);
      if (tries <= 2) catalog.forgetLanes(places.map(({ lane }) => lane));
      else catalog.forgetAll();
    }
  }
}

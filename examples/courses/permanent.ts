/** What may be otherwise in a moment. */
const TRANSIENT =
  /timed? ?out|network|econnrefused|econnreset|enotfound|etimedout|socket|rate limit|too many requests|service unavailable|\b50[234]\b/i;
/** What will be the same however often it is tried. */
const PERMANENT = /validation|invalid|unauthorized|forbidden|not found|bad request|\b40[0134]\b|schema|parse/i;

/**
 * Whether an error of somebody else's code is of no use trying again, by its text, since such errors say it nowhere else. A
 * text that speaks of both is not; nor is one that speaks of neither. Errors of our own are `PermanentError`s.
 */
export function isPermanent(thrown: unknown): boolean {
  const text = thrown instanceof Error ? `${thrown.name} ${thrown.message}` : String(thrown);
  return PERMANENT.test(text) && !TRANSIENT.test(text);
}

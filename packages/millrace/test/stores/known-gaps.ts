/**
 * What the SQLite store does not do yet: `area: name` of a conformance case → why. A case listed here must fail; once
 * it passes, the suite fails until the note is gone.
 */
export const KNOWN_GAPS: Readonly<Record<string, string>> = {
  "lanes: a strict order holds however many lanes the second queue has":
    "a claim looks at 256 lanes at a time, and takes what it finds there before it looks for a better queue further on",
  "lanes: each of very many fairness keys has its turn before the others have many":
    "the turn goes by the keys in view, and with more than 256 lanes the view moves on between two turns",
};

/**
 * What the SQLite store does not do yet: `area: name` of a conformance case → why. A case listed here must fail; once
 * it passes, the suite fails until the note is gone.
 */
export const KNOWN_GAPS: Readonly<Record<string, string>> = {};

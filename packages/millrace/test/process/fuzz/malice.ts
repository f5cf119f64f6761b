import * as fc from "fast-check";

/** Texts that have broken programs before. */
const TEXTS = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udfff\ud800",
  "\u202egnp.exe",
  "\ufeff",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "true",
  "NaN",
  "-0",
  "1e999",
  "9007199254740993",
  "18446744073709551616",
  "0x7fffffff",
  "../../../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "C:\\windows\\win.ini",
  "' OR 1=1; DROP TABLE millrace_job; --",
  '"}],"x":[{"',
  "${7*7}{{7*7}}",
  "<script>alert(1)</script>",
  "\r\nSet-Cookie: a=b",
  "%s%n%x",
  "*",
  "*/0 * * * *",
  "60 25 32 13 8",
  "* * * * * * *",
  "0 0 30 2 *",
  "Europe/Nowhere",
  "+275760-09-13T00:00:00.000Z",
  "-271821-04-20T00:00:00.000Z",
  "9999-12-31T23:59:59.999Z",
  "0000-00-00T00:00:00Z",
  "1970-01-01",
  "job_00000000000000000000000000",
  "job_7zzzzzzzzzzzzzzzzzzzzzzzzz",
  "😀".repeat(50),
  "ß".repeat(201),
  "a".repeat(100_000),
  "((a+)+)+$".repeat(20),
  ",".repeat(5_000),
] as const;

const NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.1,
  1e-320,
  2 ** 31,
  2 ** 31 - 1,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 63),
  2 ** 64,
  1e308,
  -1e308,
];

export const maliciousText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom<string>(...TEXTS),
  fc.string({ unit: "binary", maxLength: 40 }),
);

export const maliciousNumber: fc.Arbitrary<number> = fc.oneof(fc.constantFrom(...NUMBERS), fc.double({ noNaN: true }));

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { a: value } : [value];
  return value;
}

/** Values of whatever type, and of whatever size fits a body. */
export const malicious: fc.Arbitrary<unknown> = fc.oneof(
  maliciousText,
  maliciousNumber,
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { __proto__: null, length: 3 }),
  fc.constantFrom(50, 63, 64, 65, 2_000).map(nested),
  fc.constant(0).map(() => Array.from({ length: 20_000 }, (_, i) => i)),
  fc.dictionary(maliciousText, fc.jsonValue(), { maxKeys: 4 }),
  fc.jsonValue(),
);

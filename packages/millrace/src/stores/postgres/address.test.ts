import { describe, expect, test } from "vitest";
import { parseUrl, schemaName, withoutPassword } from "./address.ts";

describe("an address of PostgreSQL", () => {
  test("says where the server is, who comes, and what is meant by default", () => {
    const address = parseUrl("postgres://ann:secret@db.example:5433/shop");
    expect(address).toMatchObject({ schema: "millrace", needsWrites: true, isPooled: false, max: 8 });
    expect(address.hosts).toMatchObject([
      { host: "db.example", port: 5433, user: "ann", password: "secret", database: "shop" },
    ]);
  });

  test("may name several hosts, each with its port", () => {
    const { hosts } = parseUrl("postgresql://ann@one:5433,two:5434/shop?target_session_attrs=any");
    expect(hosts.map(({ host, port, database }) => [host, port, database])).toEqual([
      ["one", 5433, "shop"],
      ["two", 5434, "shop"],
    ]);
  });

  test("keeps its own parameters and hands on the driver's", () => {
    const address = parseUrl("postgres:///shop?host=/run/pg&schema=jobs&pgbouncer=true&max=3&application_name=shop");
    expect(address).toMatchObject({ schema: "jobs", isPooled: true, max: 3 });
    expect(address.hosts).toMatchObject([{ host: "/run/pg", database: "shop", application_name: "shop" }]);
    expect(address.hosts[0]).not.toHaveProperty("schema");
  });

  test.each([
    ["postgres://db/shop?shema=x", /"shema" is no parameter.*did you mean "schema"/],
    ["postgres://db/shop?max=1", /max must be a whole number, 2 or more; got "1"/],
    ["postgres://db/shop?pgbouncer=yes", /pgbouncer must be one of true, false; got "yes"/],
    ["postgres://db/shop?schema=pg_x", /schema must be a name/],
    ["postgres://db:port/shop", /no address of PostgreSQL/],
  ])("%s is refused with the reason", (url, reason) => {
    expect(() => parseUrl(url)).toThrow(reason);
  });

  test("is never told with its password", () => {
    expect(withoutPassword("postgres://ann:secret@db/shop?password=other&max=2")).toBe(
      "postgres://ann:…@db/shop?password=…&max=2",
    );
    expect(() => parseUrl("postgres://ann:secret@db/shop?shema=x")).not.toThrow(/secret/);
  });

  test("may have any schema that PostgreSQL does not cut or keep for itself", () => {
    expect(schemaName('Jobs of "Ann"')).toBe('Jobs of "Ann"');
    for (const name of ["", "x".repeat(64), "pg_temp", "a\0b", "Ann's"])
      expect(() => schemaName(name)).toThrow(/schema must be/);
  });
});

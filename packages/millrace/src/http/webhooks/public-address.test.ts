import { describe, expect, it } from "vitest";
import { isPublicAddress } from "./public-address.ts";

const PUBLIC = ["1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"]
  .concat([
    "128.0.0.1",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
  ])
  .concat(["192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:4860:4860::8888", "2606:4700::1111"])
  .concat(["2a00:1450:4001:82f::200e", "2001:200::1"]);

const PRIVATE = {
  "this network": ["0.0.0.0", "0.1.2.3", "::"],
  "this machine": ["127.0.0.1", "127.255.255.254", "::1"],
  private: ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1", "fd12:3456::1"],
  "link-local": ["169.254.0.1", "fe80::1", "febf::1", "fe80::1%eth0"],
  "site-local, of old": ["fec0::1"],
  "behind a carrier's NAT": ["100.64.0.1", "100.127.255.255"],
  "what clouds use": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
  multicast: ["224.0.0.1", "239.255.255.255", "ff02::1"],
  "broadcast and reserved": ["255.255.255.255", "240.0.0.1"],
  "examples and measurements": [
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "198.19.255.255",
    "2001:db8::1",
    "3fff::1",
  ],
  "IPv4 in IPv6": [
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
  ],
  "IPv4 in 6to4 and Teredo": ["2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::1"],
  nowhere: ["100::1", "4000::1", "5f00::1"],
  "no address": ["", "localhost", "1.2.3", "127.1", "0x7f.0.0.1", "1.2.3.4.5", "01.02.03.04", "::g"],
};

describe("an address", () => {
  it.each(PUBLIC)("%s is public", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(Object.entries(PRIVATE))("of the sort “%s” is not public", (_, addresses) => {
    expect(addresses.filter((address) => isPublicAddress(address))).toEqual([]);
  });
});

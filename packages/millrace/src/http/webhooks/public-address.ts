import { BlockList, isIPv4, isIPv6 } from "node:net";

/** Of IPv4, all that is not out there for everybody: the special blocks of RFC 6890, multicast, and what clouds use inside. */
const CLOSED_4: readonly (readonly [address: string, bits: number])[] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // behind the NAT of a carrier
  ["127.0.0.0", 8], // this machine
  ["168.63.129.16", 32], // the host of a virtual machine at Azure
  ["169.254.0.0", 16], // this link, and where clouds tell machines their keys
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // examples
  ["192.88.99.0", 24], // relays of 6to4
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // measurements
  ["198.51.100.0", 24], // examples
  ["203.0.113.0", 24], // examples
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and broadcast
];

/** Of what IPv6 gives out to everybody, the parts that lead elsewhere: to an IPv4 address inside, or nowhere. */
const CLOSED_6: readonly (readonly [address: string, bits: number])[] = [
  ["2001::", 23], // protocol assignments, Teredo among them
  ["2001:db8::", 32], // examples
  ["2002::", 16], // 6to4
  ["3fff::", 20], // examples
];

const closed = new BlockList();
for (const [address, bits] of CLOSED_4) closed.addSubnet(address, bits, "ipv4");
for (const [address, bits] of CLOSED_6) closed.addSubnet(address, bits, "ipv6");

/** Global unicast: all else of IPv6 is this machine, this link, private, multicast or another notation of IPv4. */
const given = new BlockList();
given.addSubnet("2000::", 3, "ipv6");

/** Whether an IP address is one that anybody may be reached at, and nothing of the server's own network. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !closed.check(address, "ipv4");
  // One with a zone is of this link.
  if (!isIPv6(address) || address.includes("%")) return false;
  return given.check(address, "ipv6") && !closed.check(address, "ipv6");
}

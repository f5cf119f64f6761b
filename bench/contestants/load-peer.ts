/**
 * A peer, loaded by name so that the benchmark can be checked, and run without the peers, where they are not installed.
 * @throws Error that says how to install them
 */
export async function loadPeer<Module>(name: string): Promise<Module> {
  try {
    return (await import(name)) as Module;
  } catch (error) {
    throw new Error(`${name} cannot be loaded; run \`node bench/setup.mjs\``, { cause: error });
  }
}

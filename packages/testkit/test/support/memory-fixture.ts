import {
  type MemoryTransport,
  type MemoryTransportOptions,
  memoryTransport,
  type TransportFixture,
} from "../../src/index.ts";

/** A fixture for the suite whose places are those of a memory transport. */
export function memoryFixture(
  options: MemoryTransportOptions = {},
  spoil: (transport: MemoryTransport) => TransportFixture["transport"] = (transport) => transport,
): TransportFixture {
  const memory = memoryTransport(options);
  let places = 0;
  return {
    transport: spoil(memory),
    reference: () => `place-${places++}`,
    snapshot: async () => memory.places(),
    dispose: async () => undefined,
  };
}

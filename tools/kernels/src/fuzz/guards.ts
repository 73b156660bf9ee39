import { Failure } from "./failure.ts";

/*
 * Watches the memory that a kernel has no use for: the first 1024 bytes, which the compiler leaves free, and what
 * follows the kernel's end up to the end of the page. Both are zero, and stay so.
 */

const reserved = 1024;

interface Exports {
  readonly memory?: { readonly buffer: ArrayBuffer };
  memoryEnd?(): number;
}

interface Instance {
  readonly exports: Exports;
}

interface WebAssemblyApi {
  Instance: new (...parameters: unknown[]) => Instance;
}

/** What `make` gives, and a check that no kernel that it instantiated has written where it must not. */
export function guarded<T>(make: () => T): { readonly made: T; check(): void } {
  const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
  const { Instance } = api;
  const zones: Uint8Array[] = [];
  api.Instance = class extends Instance {
    constructor(...parameters: unknown[]) {
      super(...parameters);
      zones.push(...guardZones(this.exports));
    }
  };
  try {
    return { made: make(), check: () => checkZones(zones) };
  } finally {
    api.Instance = Instance;
  }
}

function guardZones({ memory, memoryEnd }: Exports): Uint8Array[] {
  if (memory === undefined || memoryEnd === undefined)
    throw new TypeError("a kernel does not say where it ends");
  return [new Uint8Array(memory.buffer, 0, reserved), new Uint8Array(memory.buffer, memoryEnd())];
}

function checkZones(zones: readonly Uint8Array[]): void {
  for (const zone of zones) {
    const at = zone.findIndex((byte) => byte !== 0);
    if (at !== -1)
      throw new Failure(`the memory at ${zone.byteOffset + at}, which no kernel uses, was written to`);
  }
}

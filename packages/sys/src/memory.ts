import type { PathName } from "./sys.ts";
import { errnoNumber, systemError } from "./system-error.ts";

/** What the kernel takes: `PATH_MAX`. */
const pathLimit = 4096;
/** Any string of that many UTF-16 units, and the zero at its end. */
const pathSpace = pathLimit * 3 + 1;
/** The longest value of an extended attribute, and the longest list of their names. */
export const dataLimit = 65_536;

/** Which of the two names that a call may have. */
export type Slot = 0 | 1;

/**
 * Memory that does not move, for what system calls read and write. One of a thread: every call writes what it needs and
 * reads what comes back before anything else runs.
 */
export class Memory {
  readonly #buffer: Buffer;
  readonly #view: DataView;
  readonly #base: number;
  readonly #slots: readonly [number, number];
  readonly #struct: number;
  readonly #data: number;
  /** Of bytes that somebody holds on to until the call is over. */
  readonly addressOf: (bytes: Uint8Array) => number;

  constructor(addressOf: (bytes: Uint8Array) => number) {
    this.addressOf = addressOf;
    const structSpace = 64;
    const space = new ArrayBuffer(structSpace + 2 * pathSpace + dataLimit + 1);
    this.#buffer = Buffer.from(space);
    this.#view = new DataView(space);
    this.#base = addressOf(this.#buffer);
    this.#struct = 0;
    this.#slots = [structSpace, structSpace + pathSpace];
    this.#data = structSpace + 2 * pathSpace;
  }

  /** Writes a name with a zero behind it and gives its address. Throws `EINVAL` for one with a zero in it. */
  name(slot: Slot, name: PathName, syscall: string): number {
    if (name.length > pathLimit) throw systemError(errnoNumber("ENAMETOOLONG"), syscall, { path: name });
    // The kernel would take what stands before it for the whole name.
    if (typeof name === "string" ? name.includes("\0") : name.includes(0)) {
      throw systemError(errnoNumber("EINVAL"), syscall, { path: name });
    }
    const offset = this.#slots[slot];
    const length = this.#put(offset, name);
    this.#buffer[offset + length] = 0;
    return this.#base + offset;
  }

  #put(offset: number, name: PathName): number {
    if (typeof name === "string") return this.#buffer.write(name, offset, "utf8");
    this.#buffer.set(name, offset);
    return name.length;
  }

  /** Writes 64-bit integers one behind the other and gives their address. They must be safe integers. */
  int64s(...values: readonly number[]): number {
    values.forEach((value, index) => {
      const offset = this.#struct + index * 8;
      // Faster than BigInts.
      this.#view.setUint32(offset, value >>> 0, true);
      this.#view.setInt32(offset + 4, Math.floor(value / 2 ** 32), true);
    });
    return this.#base + this.#struct;
  }

  int16At(offset: number): number {
    return this.#view.getInt16(this.#struct + offset, true);
  }

  int32At(offset: number): number {
    return this.#view.getInt32(this.#struct + offset, true);
  }

  /** Where up to {@link dataLimit} bytes may be read or written. */
  get data(): number {
    return this.#base + this.#data;
  }

  /** Writes at {@link data}, with a zero behind. */
  putData(bytes: Uint8Array): number {
    this.#buffer.set(bytes, this.#data);
    this.#buffer[this.#data + bytes.length] = 0;
    return this.data;
  }

  /** A copy of what stands at {@link data}. */
  takeData(length: number): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(this.#data, this.#data + length));
  }
}

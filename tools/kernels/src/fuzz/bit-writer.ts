/** A row of bits as deflate packs them (RFC 1951, 3.1.1): the lowest bit of a byte comes first. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #byte = 0;
  #count = 0;

  /** How many whole bytes there are. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Adds the lowest `count` bits of `value`, the lowest one first. */
  bits(value: number, count: number): void {
    for (let bit = 0; bit < count; bit++) this.#bit((value >>> bit) & 1);
  }

  /** Adds a code, which goes highest bit first. */
  code(code: number, length: number): void {
    for (let bit = length - 1; bit >= 0; bit--) this.#bit((code >>> bit) & 1);
  }

  /** Fills up the byte. */
  align(filling: number): void {
    while (this.#count > 0) this.#bit(filling & 1);
  }

  /** The bytes, the last one filled up with zeros. */
  finish(): Uint8Array {
    this.align(0);
    return Uint8Array.from(this.#bytes);
  }

  #bit(bit: number): void {
    this.#byte |= bit << this.#count;
    if (++this.#count < 8) return;
    this.#bytes.push(this.#byte);
    this.#byte = 0;
    this.#count = 0;
  }
}

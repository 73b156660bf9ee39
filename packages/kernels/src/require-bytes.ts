/** Throws TypeError for anything else: it would be taken for no bytes, or for others than it has. */
export function requireBytes(bytes: Uint8Array): void {
  // By its tag, as one of another realm is no instance of this one's class.
  if (Object.prototype.toString.call(bytes) !== "[object Uint8Array]") {
    throw new TypeError("bytes have to be a Uint8Array");
  }
}

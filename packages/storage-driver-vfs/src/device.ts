/** The kernel's parts of a device number: 12 and 20 bits. */
export function deviceParts(device: bigint): { readonly major: number; readonly minor: number } {
  return {
    major: Number((device >> 8n) & 0xfffn),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xfff00n)),
  };
}

export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** The two parts of a device number, as containers/storage reads them. */
export function deviceOf(number: bigint): Device {
  return {
    major: Number((number >> 8n) & 0xfffn),
    minor: Number((number & 0xffn) | ((number >> 12n) & 0xfff00n)),
  };
}

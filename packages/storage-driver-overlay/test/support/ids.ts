/** An id as ids are: 64 hexadecimal digits, all alike. */
export function idOf(digit: string): string {
  return digit.repeat(64);
}

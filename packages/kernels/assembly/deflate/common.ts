/** How many bytes are equal at two places, of which four are; at most `most`. */
// @ts-ignore: a decorator of AssemblyScript's
@inline
export function commonLength(one: usize, other: usize, most: u32): u32 {
  for (let length: u32 = 4; length < most; length += 8) {
    const difference = load<u64>(one + length) ^ load<u64>(other + length);
    if (difference != 0) return min(length + u32(ctz(difference) >> 3), most);
  }
  return most;
}

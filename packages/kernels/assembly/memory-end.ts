/**
 * The end of what a kernel uses of its memory. What follows it up to the end of the page stays zero, as do the first
 * 1024 bytes: the fuzzer watches both.
 */
export function memoryEnd(): usize {
  return __heap_base;
}

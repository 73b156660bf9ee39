/** Stands here until the kernel does. */
export function version(): u32 {
  return 0;
}

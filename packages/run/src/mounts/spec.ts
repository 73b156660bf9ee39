/** A mount as the runtime specification has it. */
export interface SpecMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/**
 * In the order in which they are mounted, those of folders before those below them; of those with the same destination the first is taken.
 */
export function inOrder(mounts: readonly SpecMount[]): readonly SpecMount[] {
  const first = new Map<string, SpecMount>();
  for (const mount of mounts) if (!first.has(mount.destination)) first.set(mount.destination, mount);
  const depth = ({ destination }: SpecMount): number => destination.split("/").length;
  return [...first.values()].sort((one, other) => depth(one) - depth(other));
}

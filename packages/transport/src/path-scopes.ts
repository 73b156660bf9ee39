/**
 * The scopes of containers-policy.json for what is at an absolute path without symbolic links: the path, then the folders
 * that it is in, the innermost first. The root is none: it would say what the transport's default says.
 */
export function pathScopes(path: string): readonly string[] {
  const scopes: string[] = [];
  const separators = path.startsWith("/") ? ["/"] : ["/", "\\"];
  for (let scope = path; ; ) {
    const end = Math.max(...separators.map((separator) => scope.lastIndexOf(separator)));
    if (end < 0 || end === scope.length - 1) return scopes;
    scopes.push(scope);
    scope = scope.slice(0, end);
  }
}

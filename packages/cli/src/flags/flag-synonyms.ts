/** Names of flags of docker, podman, buildah, skopeo and dray that mean the same. */
const groups: readonly (readonly string[])[] = [
  ["workdir", "workingdir", "working-dir", "working-directory", "cwd"],
  ["port", "expose", "publish", "ports"],
  ["env", "environment", "envs", "set-env"],
  ["label", "labels"],
  ["annotation", "annotations"],
  ["cmd", "command"],
  ["author", "maintainer"],
  ["volume", "volumes", "mount", "bind"],
  ["user", "username", "run-as"],
  ["creds", "credentials", "src-creds", "dest-creds"],
  ["cert-dir", "src-cert-dir", "dest-cert-dir"],
  ["authfile", "src-authfile", "dest-authfile", "auth-file"],
  ["tls-verify", "src-tls-verify", "dest-tls-verify", "insecure", "skip-tls-verify"],
  ["notruncate", "no-trunc"],
  ["noheading", "no-heading", "no-headings"],
  ["healthcheck", "health-cmd"],
  ["healthcheck-interval", "health-interval"],
  ["healthcheck-retries", "health-retries"],
  ["healthcheck-start-period", "health-start-period"],
  ["healthcheck-timeout", "health-timeout"],
  ["onbuild", "on-build"],
  ["stop-signal", "stopsignal", "signal"],
  ["history-comment", "message"],
  ["unsetenv", "unset-env"],
  ["unsetannotation", "unset-annotation"],
  ["policy", "pull"],
  ["retry", "retry-times"],
  ["terminal", "tty", "interactive"],
  ["network", "net"],
  ["iidfile", "id-file", "image-id-file"],
  ["cidfile", "container-id-file"],
  ["digestfile", "digest-file"],
  ["chown", "owner"],
  ["chmod", "mode", "permissions"],
  ["checksum", "digest"],
  ["timestamp", "source-date-epoch", "created"],
  ["quiet", "silent"],
  ["contextdir", "context", "context-dir"],
  ["ignorefile", "ignore-file", "dockerignore"],
  ["disable-compression", "uncompressed"],
  ["arch", "architecture"],
];

/** Other names of what a flag is for: of `workdir`, `workingdir`. All without dashes before them. */
export function synonymsOf(name: string): readonly string[] {
  return groups
    .filter((group) => group.includes(name))
    .flatMap((group) => group.filter((one) => one !== name));
}

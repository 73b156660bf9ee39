/** The newest version that this package was written for: what is asked here has been the same since 1.24. */
const newestVersion = "1.51";
/** What a daemon speaks that does not say, as in Docker's Go client. */
const silentVersion = "1.24";

/**
 * The version of the API that both sides speak: the daemon's own, `Api-Version` of its answer to a ping, but none newer than
 * those known here. Newer daemons refuse old versions, older ones do not know new versions.
 */
export function commonVersion(offered: string | undefined): string {
  if (offered === undefined || !/^\d{1,4}\.\d{1,4}$/.test(offered)) return silentVersion;
  return isOlder(offered, newestVersion) ? offered : newestVersion;
}

function isOlder(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major === otherMajor ? minor < otherMinor : major < otherMajor;
}

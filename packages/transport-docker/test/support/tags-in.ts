/** What each tag of a repository names, asked for without any of our own code. */
export async function tagsIn(url: string, repository: string): Promise<Readonly<Record<string, string>>> {
  const listed = await fetch(`${url}/v2/${repository}/tags/list`);
  if (listed.status === 404) return {};
  const { tags } = (await listed.json()) as { readonly tags: readonly string[] | null };
  const digests = await Promise.all((tags ?? []).map((tag) => digestOf(url, repository, tag)));
  return Object.fromEntries((tags ?? []).flatMap((tag, index) => [[tag, digests[index] ?? ""]]));
}

async function digestOf(url: string, repository: string, tag: string): Promise<string> {
  const accept = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
  ].join(", ");
  const response = await fetch(`${url}/v2/${repository}/manifests/${tag}`, {
    method: "HEAD",
    headers: { accept },
  });
  return response.headers.get("docker-content-digest") ?? `status ${response.status}`;
}

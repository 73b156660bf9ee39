import type { ContainerConfig, Healthcheck, ImageConfig, ImageConfigs } from "@drayage/manifest";

/** Changes the same fields of both configs. */
export function editImage(image: ImageConfigs, fields: Partial<ImageConfig>): ImageConfigs {
  return { ...image, oci: { ...image.oci, ...fields }, docker: { ...image.docker, ...fields } };
}

/** Changes how containers are run, by both configs: each from what it says itself. */
export function editContainer(
  image: ImageConfigs,
  edit: (container: ContainerConfig) => Partial<ContainerConfig>,
): ImageConfigs {
  const oci = image.oci.config ?? {};
  return editDockerContainer({ ...image, oci: { ...image.oci, config: { ...oci, ...edit(oci) } } }, edit);
}

/** Changes what only docker's config has. */
export function editDockerContainer(
  image: ImageConfigs,
  edit: (container: ContainerConfig) => Partial<ContainerConfig>,
): ImageConfigs {
  const docker = image.docker.config ?? {};
  const container = { ...docker, ...edit(docker) };
  return { ...image, docker: { ...image.docker, config: container, container_config: container } };
}

/** A variable set, or overwritten: it is then the last. */
export function withVariable(env: readonly string[] = [], name: string, value: string): readonly string[] {
  return [...withoutVariable(env, name), `${name}=${value}`];
}

export function withoutVariable(env: readonly string[] = [], name: string): readonly string[] {
  return env.filter((variable) => !variable.startsWith(`${name}=`));
}

/** A record without one of its names; where there is no record there is none afterwards. */
export function withoutName<V>(
  record: Readonly<Record<string, V>> | undefined,
  name: string,
): Readonly<Record<string, V>> | undefined {
  if (record === undefined || !Object.hasOwn(record, name)) return record;
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

/** A record with one more name, which may be any text. */
export function withName<V>(
  record: Readonly<Record<string, V>> | undefined,
  name: string,
  value: V,
): Readonly<Record<string, V>> {
  return Object.fromEntries([...Object.entries(record ?? {}).filter(([key]) => key !== name), [name, value]]);
}

/** What buildah assumes of a health check that there was none of. */
export const usualHealthcheck: Healthcheck = {
  Test: ["NONE"],
  Interval: 30e9,
  Timeout: 30e9,
  StartPeriod: 0,
  Retries: 3,
};

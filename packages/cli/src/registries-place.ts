/** Where registries.conf and its drop-ins are, where not in the usual places. */
export interface RegistriesPlace {
  readonly registriesConf?: string | undefined;
  readonly registriesConfDir?: string | undefined;
}

/** What flags say of it. */
export function registriesPlace({ registriesConf, registriesConfDir }: RegistriesPlace): RegistriesPlace {
  return { registriesConf, registriesConfDir };
}

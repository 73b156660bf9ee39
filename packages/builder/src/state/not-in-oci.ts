export function notInOci(what: string): string {
  return `an image in OCI format cannot hold ${what}: it is left out unless the image is committed in docker format`;
}

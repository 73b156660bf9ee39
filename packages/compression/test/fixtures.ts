/*
 * What the usual tools make of {@link text}, unless said otherwise.
 */

export const text: Uint8Array = new TextEncoder().encode(
  Array.from({ length: 40 }, (_, i) => `layer ${i}: ${(i * 7919) % 251} files\n`).join(""),
);

/** Bytes that do not compress. */
export const noise: Uint8Array = Uint8Array.from(
  { length: 300 },
  (_, i) => (i * i * 31 + i * 7 + (i >> 3) * 113) & 255,
);

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** `gzip -9n` */
export const gzip: Uint8Array = bytes(
  "H4sIAAAAAAACA12RMQ7DMAwD977CT7CkxHH8mw4tUCBTO/X3pQR0IFdCPpC+6/59vFtfrbfn63p8blcFtprFpMhX852SwNEIirbVdibtOJpMGqsdTDrANiZNvOuMOnElpQzNTWpZlneOUN6kmKF+HByhvkk1w4AhNAxw6WaYMIWGCa7dsMGknPf8WcZ5CWCep4GNo1IgOIzYTo5KgtDSgtBKg9Aw4hRaeWBalAfGRW4wjtKDlIv0MDgqD0JLD0LDBJNykR6EVh6EVh7+uB812gJfBQMAAA==",
);

/** `zstd -19 --check`, its size known */
export const zstd: Uint8Array = bytes(
  "KLUv/WQFAoUFAHLNHRWgJ+k4xiLEDAD+SLIJIW1LCvu1GQO7h7xV15zdUi4xu0ShS7RL2u5odxDxnnNrvMbcUrvkEJfgLpHgJXdH3sHdQ96qawZvKZeYXcLQJbJL7m67Y0W8Z4zdovEaYm6p2iWDXILKLhFeFu0OYCgIA8HjjgvFIUAIKKgRDLP23gEAOS10EBQhEUz1ARZA0IKn9rgAJY8eWgo6UAYiKjEfHM0Ty0VbJm51WoeXQKsCFz6PTA==",
);

/** `zstd -3 --no-check` */
export const zstdNoCheck: Uint8Array = bytes(
  "KLUv/QBYzQYA8ooaF6AlSQdoGouGkP3/FbKRTQjZksJ+9VwBgQJREAbv3KJdQyNi6BLRiNBwT13DGsglJOFlkXdwd+A9dW6N14zmlu2SFV3aLsfdbXeMeIexe8Zbdc3ZLeUSMrtUeHlod4ECURAGjzsGIAIERTMgEEMSqgMEoGFRWhCt0yCdOjYQ7xblCna5QBpY95hAult08aQtFoKOalDcFkQ77RhRXlaVi3eG6Qq+rJSMsCDcaZCOQEjl8tFpH8Wj0z4KR6d9FI1OW9YOWZc1mUjWjcrEfpSCQ9tPSQNcAg==",
);

/** `zstd -1 --check` of 300,000 bytes: `drayage ` over and over. Three blocks. */
export const zstdBlocks: Uint8Array = bytes(
  "KLUv/aTgkwQAhAAAQGRyYXlhZ2UgAQD1/8sLF0wAAAhkAQD8/zkQAk0AAAhkAQDcEx0IAZ6hJqU=",
);

/** `bzip2 -1` */
export const bzip2: Uint8Array = bytes(
  "QlpoMTFBWSZTWROtFn8AAR7ZgAAQQAB/8CMkGCAwARmNoSqepmm0UaABpmlSPRDQASaqn+qTRo2oHlMgQxlWLFFVRRRUVFFFUQiqCqiiiu+PPHGLbb0reb6tt32263kANc76Aj5inG92g1qqPEyY2sSoErbiWMkkzKBSYkyORR0OG3SsHWmQbo9CEOhW3KnWDVEJku/De13Z7TF8DWGHMEFFFEkkEoQhCF6BoaAggQ5AhkCH0CGgIaAIaAh+LuSKcKEgJ1os/g==",
);

/** `bzip2` of nothing */
export const bzip2Empty: Uint8Array = bytes("QlpoORdyRThQkAAAAAA=");

/** `xz -6`, whose check is CRC64 */
export const xz: Uint8Array = bytes(
  "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AMEALldADYYS5jpw3I36wRukN1ijmGEbfA4Z3p8dzkMzFsREkqiqPkEqDHwRLLwEZlFmAFyAPHaY1ggRuBk0UDXMqxn1FBtHOkO76ScrFqTG3Dz9Fd1dIk3heqm5Dfeo6cpl53+gp+si06+oIj3u4ExyD955RTdE3c5Sc7HMK1BfVP7uqCpwWrEvU6HDpv9IKWsbgne4IEW6B31U9XfsQRinPOLCx+YBMZGh7/wZyq9CPmzOrMWqor+cyisNookAAAAAKpk649n7Yv6AAHVAYUGAABKSsxiscRn+wIAAAAABFla",
);

/** `xz -0 -Ccrc32` */
export const xzCrc32: Uint8Array = bytes(
  "/Td6WFoAAAFpIt42AgAhAQwAAACPmEGc4AMEAL9dADYYS5jpw3I36wRukN1ijmGEbfA4Z32fG8ubjN1UGn2jqOASQJHYZ0gz5YSW8/8Vhowk6IcYce+veEAs/9drjVJ8gdXMT5YjPzhHjtEx3cZj7gosNH0pkrqoOadOw4pe8nvljwzZ6OnOUUwsA8T6FBxV/OhmQLmUukDrcabQkaC3852VObvUxM8hEuRTg/DvJWRQT8cA+zmy7bEK5iczhHmjsDEeNlJum2GbjFnBT5oU9rUHGXDSio4GlK5uF/AAAAA12gJfAAHXAYUGAABB6wQvPjANiwIAAAAAAVla",
);

/** `xz -0 -Csha256` */
export const xzSha256: Uint8Array = bytes(
  "/Td6WFoAAArh+wyhAgAhAQwAAACPmEGc4AMEAL9dADYYS5jpw3I36wRukN1ijmGEbfA4Z32fG8ubjN1UGn2jqOASQJHYZ0gz5YSW8/8Vhowk6IcYce+veEAs/9drjVJ8gdXMT5YjPzhHjtEx3cZj7gosNH0pkrqoOadOw4pe8nvljwzZ6OnOUUwsA8T6FBxV/OhmQLmUukDrcabQkaC3852VObvUxM8hEuRTg/DvJWRQT8cA+zmy7bEK5iczhHmjsDEeNlJum2GbjFnBT5oU9rUHGXDSio4GlK5uF/AAAACaH7Vn81y4XENZvsBmffhX9zT+j2hzYR1/JnjoL6lQDAAB8wGFBgAAYaw5s7bp3xwCAAAAAApZWg==",
);

/** `xz -0 -Cnone` */
export const xzNone: Uint8Array = bytes(
  "/Td6WFoAAAD/EtlBAgAhAQwAAACPmEGc4AMEAL9dADYYS5jpw3I36wRukN1ijmGEbfA4Z32fG8ubjN1UGn2jqOASQJHYZ0gz5YSW8/8Vhowk6IcYce+veEAs/9drjVJ8gdXMT5YjPzhHjtEx3cZj7gosNH0pkrqoOadOw4pe8nvljwzZ6OnOUUwsA8T6FBxV/OhmQLmUukDrcabQkaC3852VObvUxM8hEuRTg/DvJWRQT8cA+zmy7bEK5iczhHmjsDEeNlJum2GbjFnBT5oU9rUHGXDSio4GlK5uF/AAAAAAAdMBhQYAAFeplbSoAAr8AgAAAAAAWVo=",
);

/** `xz -0 --block-size=500` */
export const xzBlocks: Uint8Array = bytes(
  "/Td6WFoAAATm1rRGAgAhAQwAAACPmEGc4AHzAJJdADYYS5jpw3I36wRukN1ijmGEbfA4Z32fG8ubjN1UGn2jqOASQJHYZ0gz5YSW8/8Vhowk6IcYce+veEAs/9drjVJ8gdXMT5YjPzhHjtEx3cZj7gosNH0pkrqoOadOw4pe8nvljwzZ6OnOUUwsA8T6FBxV/OhmQLmUukDrcabQkaC3852VObvUxM8hEuRTg/BGgBPMAAAANGLaqjr5lGUCACEBDAAAAI+YQZzgARAAXV0AMJ5Iztw1wgV7fiIAM61OYt+rynWxW35+2qHBpcD2RUxRSicT2rQXGb+2cjkrrTTY5PbqMY1TDA1RvM6h4ZGsEjRSkp06cGHvFhtpd1jOXMGnZrZ1axM/QQSW8b+IAAAAABo7k/MLnp4RAAKuAfQDeZECAAAAgMvYoxQXOzADAAAAAARZWg==",
);

/** `xz` of nothing */
export const xzEmpty: Uint8Array = bytes("/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo=");

/** `xz -0` of 300 bytes that do not compress: those of {@link noise} */
export const xzPlain: Uint8Array = bytes(
  "/Td6WFoAAATm1rRGAgAhAQwAAACPmEGcAQErACaKLAwqhiBpf9NlNUOPGVJYnB7e3BiSu7HlVwf1IYukiq4QsI6qBA3j90nZp7P99rzAAoJAPHZfFQk7q1lFb0ju0vRU8s7osUcbLX0L1+GaIOTmJqRgWgN5LR9PvWlT7FL22PhW8sxVqz8RIW/7xT6ECMrKCIQ+p91RA/MhjTeQthq8nLoWsPkPY/XF0x+p4ugsrm5sqCJLQXXnl4WxGzQaPqBAHjqUnXOH2Wk3Q42GTFCSEtDMBu+lmcs76dX/2H5ihOSCXnhB16u9DZtncSqwdHa2NPDqkwm9r99N+eN84oZoiOaCXOU7z6Gx/4tVzhSYWlqYFM43beGTg7EdxyBGqkwsSqZAiZ/zhVVjrzlyeLw+/vw4stvRBXcnFUGrxKrOMNCuyiQtAxdpAH1Kf4vw7+GwAAHEAqwCAADMqdU3scRn+wIAAAAABFla",
);

/** `xz --x86 --lzma2=preset=0`, with a filter that is not read here */
export const xzX86: Uint8Array = bytes(
  "/Td6WFoAAATm1rRGAgEEACEBDADWfBiv4AMEAL9dADYYS5jpw3I36wRukN1ijmGEbfA4Z32fG8ubjN1UGn2jqOASQJHYZ0gz5YSW8/8Vhowk6IcYce+veEAs/9drjVJ8gdXMT5YjPzhHjtEx3cZj7gosNH0pkrqoOadOw4pe8nvljwzZ6OnOUUwsA8T6FBxV/OhmQLmUukDrcabQkaC3852VObvUxM8hEuRTg/DvJWRQT8cA+zmy7bEK5iczhHmjsDEeNlJum2GbjFnBT5oU9rUHGXDSio4GlK5uF/AAAACqZOuPZ+2L+gAB2wGFBgAAOivGWLHEZ/sCAAAAAARZWg==",
);

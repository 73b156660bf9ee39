/** Whether a value is of a type. */
export type Shape<T> = (value: unknown) => value is T;
type Of<S> = S extends Shape<infer T> ? T : never;
type Shapes = Readonly<Record<string, Shape<unknown>>>;
type ObjectOf<S extends Shapes> = { readonly [K in keyof S]: Of<S[K]> };

export const text: Shape<string> = (value) => typeof value === "string";
export const toggle: Shape<boolean> = (value) => typeof value === "boolean";
export const integer: Shape<number> = (value): value is number => Number.isSafeInteger(value);

/** Exactly this value. */
export function only<const T>(wanted: T): Shape<T> {
  return (value): value is T => value === wanted;
}

/** Absent, or null, which Go takes for absent. */
export function maybe<T>(shape: Shape<T>): Shape<T | null | undefined> {
  return (value): value is T | null | undefined => value === undefined || value === null || shape(value);
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every((item) => shape(item));
}

export function mapOf<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> =>
    isObject(value) && Object.values(value).every((item) => shape(item));
}

/** An object with these fields and no others: readers disagree about those that differ by case. */
export function object<const S extends Shapes>(shapes: S): Shape<ObjectOf<S>> {
  return (value): value is ObjectOf<S> =>
    isObject(value) &&
    Object.keys(value).every((key) => Object.hasOwn(shapes, key)) &&
    Object.entries(shapes).every(([key, shape]) => shape(value[key]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

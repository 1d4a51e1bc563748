/** Freezes a value through and through; a Map that is changed throws. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    for (const [key, item] of value) {
      frozen(key);
      frozen(item);
    }
    const refuse = (): never => {
      throw new TypeError("the state was changed in place");
    };
    Object.assign(value, { set: refuse, delete: refuse, clear: refuse });
  }
  for (const item of Object.values(value)) frozen(item);
  return Object.freeze(value);
}

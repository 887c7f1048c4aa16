/** Things of one list by the month they belong to, in the order they come. */
export function byMonth<T>(all: readonly T[], instantOf: (one: T) => string): [string, T[]][] {
  const months = new Map<string, T[]>();
  for (const one of all) {
    const at = new Date(instantOf(one));
    const key = new Date(at.getFullYear(), at.getMonth(), 15).toISOString();
    months.set(key, [...(months.get(key) ?? []), one]);
  }
  return [...months];
}

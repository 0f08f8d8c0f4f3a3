const longest = 300;

/** Seconds until the next try: 1, 2, 4 … up to five minutes. @param failures how many there were, from 1 */
export const backoffSeconds = (failures: number): number => Math.min(longest, 2 ** (failures - 1));

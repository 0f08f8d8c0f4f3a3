import { parsedUrl } from '../../../libs/kernel/url';

/** One line, whatever was in it: nothing in a header may begin another one. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

/** Up to so many characters. */
export const shortened = (text: string, most: number): string => {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
};

/** `23 November 2027`, in UTC; null when it is no time. */
export function dayOf(instant: unknown): string | null {
  const at = typeof instant === 'string' ? new Date(instant) : null;
  if (!at || Number.isNaN(at.getTime())) return null;
  return at.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
}

/** `23 November 2027, 14:05 UTC`; null when it is no time. */
export function momentOf(instant: unknown): string | null {
  const day = dayOf(instant);
  return day && `${day}, ${new Date(instant as string).toISOString().slice(11, 16)} UTC`;
}

/** An address of the web as it may stand behind a button; null when it is something else. */
export function webAddress(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const url = parsedUrl(text);
  return url && /^https?:$/.test(url.protocol) ? url.href : null;
}

/** Whether it is one address, and nothing that a mail server could take for several or for a command. */
export const isAddress = (text: string): boolean => /^[^\s<>()[\],;:"\\@]+@[^\s<>()[\],;:"\\@]+$/u.test(text) && text.length <= 320;

/** Black or white, whichever is easier to read on that colour (contrast as WCAG 2 computes it). */
export function inkOn(colour: string): '#ffffff' | '#111111' {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map(linear) as [number, number, number];
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.0556 ? '#ffffff' : '#111111';
}

const linear = (part: number): number => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);

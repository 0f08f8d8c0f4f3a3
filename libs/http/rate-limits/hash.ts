import { hash } from 'node:crypto';

/** Stands for a credential where it is counted or remembered: neither Redis nor a dump of the memory ever shows a key. */
export const hashOf = (text: string): string => hash('sha256', text, 'base64url');

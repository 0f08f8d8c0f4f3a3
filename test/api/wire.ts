import { connect } from 'node:net';
import type { Answer } from '../../libs/testing/service';

export interface Heard extends Answer {
  /** How long until the other side closed the connection. */
  readonly seconds: number;
}

/** Says exactly these bytes over a connection of its own, then one more every half a second; hears until the other side closes. */
export function say(url: string, bytes: string | Buffer, more: string = ''): Promise<Heard> {
  const { hostname, port } = new URL(url);
  const began = Date.now();
  const socket = connect(Number(port), hostname);
  const heard: Buffer[] = [];
  socket.on('data', (some) => heard.push(some));
  socket.on('error', () => undefined);
  socket.write(bytes);
  const dribble = setInterval(() => more && socket.write(more), 500);
  return new Promise((resolve) =>
    socket.on('close', () => {
      clearInterval(dribble);
      resolve({ ...read(Buffer.concat(heard).toString()), seconds: (Date.now() - began) / 1000 });
    }),
  );
}

/** The last answer of what was heard; status 0 when there was none. */
function read(heard: string): Answer {
  const begins = heard.lastIndexOf('HTTP/1.1 ');
  const [head = '', ...rest] = heard.slice(Math.max(0, begins)).split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Headers(lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]));
  const text = rest.join('\r\n\r\n');
  const json = headers.get('content-type')?.includes('json') && text !== '';
  return { status: Number(first.split(' ')[1] ?? 0), headers, text, body: json ? JSON.parse(text) : undefined };
}

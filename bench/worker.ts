import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** In a process of the bench: does each job that it is sent and sends back what came of it. A failure ends it, loudly. */
export function work<Job, Result>(does: (job: Job) => Promise<Result>): void {
  process.on('message', (job: Job) => {
    does(job).then(
      (result) => process.send!(result),
      (error: Error) => {
        process.stderr.write(`${error.stack}\n`);
        process.exit(1);
      },
    );
  });
  process.once('disconnect', () => process.exit());
}

/** What such a process tells next. @throws when it ends before that */
export async function hear(child: ChildProcess): Promise<unknown> {
  const heard = new AbortController();
  const { signal } = heard;
  const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('A process of the bench ended early.')));
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown];
    return message;
  } finally {
    ended.catch(() => undefined);
    heard.abort();
  }
}

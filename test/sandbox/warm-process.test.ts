import { expect, it } from 'vitest';
import { startWarmCommand } from '../support/warm-process.js';

it('a command that has ended does not end the next one in its process', async () => {
  const start = () => startWarmCommand(['explain', 'INTERNAL'], {}, process.cwd(), () => {});
  const first = start();
  await first.result;
  const second = start();
  first.kill();
  expect(await second.result).toMatchObject({ exitCode: 0 });
});

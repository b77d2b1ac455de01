import { describe, expect, it } from 'vitest';
import { PieceSize } from '../../src/s3/piece-size.js';

const KIB = 1024;

describe('PieceSize', () => {
  it('doubles after each fast piece, up to 512 KiB', () => {
    const size = new PieceSize();
    const sizes = [0, 10, 49, 20, 0, 0].map((ms) => {
      const { bytes } = size;
      size.adapt(ms);
      return bytes / KIB;
    });

    expect(sizes).toEqual([32, 64, 128, 256, 512, 512]);
  });

  it('stays after a piece that is neither fast nor slow', () => {
    const size = new PieceSize();
    size.adapt(1);
    size.adapt(500);

    expect(size.bytes).toBe(64 * KIB);
  });

  it('is the smallest again after a slow piece', () => {
    const size = new PieceSize();
    for (let piece = 0; piece < 9; piece++) size.adapt(1);
    size.adapt(1001);

    expect(size.bytes).toBe(32 * KIB);
  });
});

import type { UploadError } from '../contract/errors.js';

/**
 * Returns an object whose methods throw only what `translate` returns, whether they return promises or async iterables. It
 * covers every method, so a new one cannot forget it.
 */
export function withUploadErrors<Target extends object>(
  target: Target,
  translate: (error: unknown) => UploadError,
): Target {
  return new Proxy(target, {
    get: (_target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        try {
          return translated(Reflect.apply(value, target, args), translate);
        } catch (error) {
          throw translate(error);
        }
      };
    },
  });
}

function translated(result: unknown, translate: (error: unknown) => UploadError): unknown {
  if (result instanceof Promise)
    return result.catch((error: unknown) => {
      throw translate(error);
    });
  return isAsyncIterable(result) ? iterate(result, translate) : result;
}

async function* iterate(
  iterable: AsyncIterable<unknown>,
  translate: (error: unknown) => UploadError,
): AsyncGenerator<unknown, void> {
  try {
    yield* iterable;
  } catch (error) {
    throw translate(error);
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

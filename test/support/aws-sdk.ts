import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';

const partitionsSchema = z.object({
  partitionsInfo: z.object({
    partitions: z
      .array(
        z.object({
          id: z.string(),
          outputs: z.object({ dnsSuffix: z.string() }),
          regionRegex: z.string(),
          regions: z.record(z.string(), z.unknown()),
        }),
      )
      .min(1),
  }),
});

/** The partitions of AWS and their regions, from the package that the S3 client of the AWS SDK uses. */
export async function sdkPartitions() {
  const core = createRequire(createRequire(import.meta.url).resolve('@aws-sdk/client-s3')).resolve(
    '@aws-sdk/core/package.json',
  );
  const path = 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js';
  const { partitionsInfo } = partitionsSchema.parse(
    await import(pathToFileURL(join(dirname(core), path)).href),
  );
  return partitionsInfo.partitions;
}

/** Parameters of {@link sdkEndpoint}. */
export type EndpointParameters = {
  readonly Region: string;
  /** Name of the bucket, or ARN of an access point. */
  readonly Bucket: string;
  readonly UseFIPS?: boolean;
  readonly UseDualStack?: boolean;
  readonly Accelerate?: boolean;
  readonly ForcePathStyle?: boolean;
  readonly UseGlobalEndpoint?: boolean;
};

const client = new S3Client({ region: 'us-east-1' });

/** Returns the URL to which the AWS SDK would send a request; `undefined` if its rules do not allow the combination. */
export function sdkEndpoint(parameters: EndpointParameters): URL | undefined {
  try {
    return client.config.endpointProvider(parameters).url;
  } catch {
    return undefined;
  }
}
